"""A real Ray with Daft on two machines, by lines of daft-launcher's guide as they are printed."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.result import Result
    from tests.plugins.daft.conftest import Daft

PROGRAM = """\
import sys, time, daft, ray
import beside
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
ray.init("auto", logging_level="ERROR", log_to_driver=False)
deadline = time.monotonic() + 60
while sum(one["Alive"] for one in ray.nodes()) < 2:  # the worker was left to itself
    assert time.monotonic() < deadline
    time.sleep(0.5)

@ray.remote
def where():
    import beside
    return ray.util.get_node_ip_address(), beside.WORD

ids = [one["NodeID"] for one in ray.nodes() if one["Alive"]]
on = [where.options(scheduling_strategy=NodeAffinitySchedulingStrategy(one, False)) for one in ids]
print(sorted(ray.get([one.remote() for one in on])))
frame = daft.from_pydict({"a": [1, 2, 3]}).where(daft.col("a") > 1)
print(frame.sum("a").to_pydict(), sys.argv[1:])
sys.exit(3)
"""

LIMIT_S = 400


def started(daft: Daft) -> Result:
    """Bring the cluster up: on a busy machine Ray gives up when it is not there in a minute."""
    deadline = time.monotonic() + LIMIT_S
    while (up := daft("daft up")).exit_code != 0:
        assert "timed out during startup" in up.err, str(up)
        assert time.monotonic() < deadline, str(up)
    return up


def submitted(daft: Daft) -> Result:
    """Submit as the guide does, until the worker is there: another `up` lets it try again."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        done = daft("daft submit -i my-keypair.pem -w my-working-director")
        if done.exit_code != 1:
            return done
        assert time.monotonic() < deadline, str(done)
        daft("daft up --wait")


@pytest.mark.timeout(900)
def test_the_guide_from_up_to_down(daft: Daft) -> None:
    for name in ("ray", "daft"):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed here")
    daft.write("daft-demo", "[run]\nsetup_commands = ['echo \"Hello, World!\" > ~/hello']\n")
    up = started(daft)
    assert up.out == "Head node IP: 10.77.0.1\n"
    head = daft.network.machines[0]
    assert head.run("cat ~/hello; sort -u ~/uv.log", as_user=True).splitlines() == [
        "Hello, World!",
        f"pip install --python {head.home}/.venv/bin/python ray[default] daft deltalake",
    ]
    listed = daft("daft list").checked().out
    assert listed.startswith(
        "Running:\n  - daft-demo, head, 10.77.0.1, 10.77.0.1\n"
        "  - daft-demo, worker, 10.77.0.2, 10.77.0.2"
    )
    work = daft.directory / "my-working-director"
    work.mkdir()
    (work / "main.py").write_text(PROGRAM)
    (work / "beside.py").write_text("WORD = 'here'\n")
    key = daft.network.keys.user
    (daft.directory / "my-keypair.pem").symlink_to(key)
    done = submitted(daft)
    assert (done.exit_code, "{'a': [5]} []" in done.out) == (3, True), str(done)
    places = "[('10.77.0.1', 'here'), ('10.77.0.2', 'here')]"
    assert places in done.out.splitlines(), "both nodes have what is beside the program"
    query = daft("daft sql 'SELECT 40 + 2 AS answer'")
    assert (query.exit_code, "42" in query.out) == (0, True), query.err
    last, first, *_ = daft("daft job status --output json").checked().records()
    assert (first["status"], first["exit"], last["status"]) == ("FAILED", 3, "SUCCEEDED")
    assert "{'a': [5]} []" in daft(f"daft job logs {first['id']}").checked().out
    assert daft(f"daft job logs -f {first['id']}").exit_code == 3
