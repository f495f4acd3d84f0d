"""Sessions of several containers, which know and reach one another by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import NewRun, Stream
from outrig_backendai.compute.agents import see_all
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.compute.request import NewSession
from outrig_backendai.compute.sessions import PROJECT
from outrig_backendai.place.entering import inside
from outrig_backendai.slots import Slots
from tests.plugins.ssh.conftest import lab, lab_of_all  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.compute.conftest import Make
    from tests.plugins.backendai.conftest import Bai
    from tests.plugins.ssh.conftest import Lab

_SERVE = """
import socket
with socket.create_server(("sub1", 8765)) as server:
    peer, _ = server.accept()
    print(peer.recv(100).decode())
"""
_ASK = """
import socket, time
for attempt in range(600):
    try:
        peer = socket.create_connection(("sub1", 8765))
        break
    except OSError:
        time.sleep(0.05)
peer.sendall(b"hello from main1")
peer.close()
"""


def _outputs(compute: Compute, session: ComputeSession, scripts: dict[str, str]) -> dict[str, str]:
    """Run a script on each host at once; returns what each printed."""
    outrig = compute.outrig
    there = {host: compute.outrig_session(session, host) for host in scripts}
    runs = {
        host: outrig.execute(
            there[host], [NewRun(script=inside(compute.place(session, host), script))]
        )[0]
        for host, script in scripts.items()
    }
    said = {}
    for host, run in runs.items():
        ended = outrig.wait(there[host], [run])[0]
        assert ended.ref is not None
        control = outrig.runtime.executor(there[host])
        text = [control.read_log(ended.ref, one, 0, 65536).data.decode() for one in Stream]
        assert ended.state.exit_code == 0, text
        said[host] = text[0]
    return said


def test_containers_know_their_cluster_and_their_place_in_it(compute: Compute, make: Make) -> None:
    session = compute.wait_started(make("team", cluster_size=2, environ={"GREETING": "hi there"}))
    assert session.status is SessionStatus.RUNNING
    shown = 'env; echo "$HOME $(pwd) $(hostname)"; touch "on-$BACKENDAI_CLUSTER_HOST"; ls'
    said = _outputs(compute, session, {"main1": shown, "sub1": shown})
    for host, role, rank in (("main1", "main", "0"), ("sub1", "sub", "1")):
        lines = said[host].splitlines()
        for expected in (
            f"BACKENDAI_SESSION_ID={session.id}",
            "BACKENDAI_SESSION_NAME=team",
            "BACKENDAI_CLUSTER_SIZE=2",
            "BACKENDAI_CLUSTER_REPLICAS=main:1,sub:1",
            "BACKENDAI_CLUSTER_HOSTS=main1,sub1",
            f"BACKENDAI_CLUSTER_ROLE={role}",
            "BACKENDAI_CLUSTER_IDX=1",
            f"BACKENDAI_CLUSTER_HOST={host}",
            f"BACKENDAI_CLUSTER_LOCAL_RANK={rank}",
            f"BACKENDAI_ACCESS_KEY={session.access_key}",
            "BACKENDAI_KERNEL_IMAGE=python",
            "GREETING=hi there",
        ):
            assert expected in lines
        assert f"on-{host}" in lines
        assert f"on-{'sub1' if host == 'main1' else 'main1'}" not in lines
    compute.end(session)
    assert compute.outrig.sessions(PROJECT) == []


def test_containers_on_two_hosts_know_one_another_by_name(
    compute: Compute,
    bai: Bai,
    lab: Lab,  # noqa: F811 - the fixture
) -> None:
    names = [lab.boot(one).name for one in ("alpha", "beta")]
    bai.run("provider", "add", "ssh", *names).checked()
    cores = min(one.slots.cpu for one in see_all(compute) if one.provider == "ssh")
    wanted = NewSession(
        image="python",
        scaling_group="ssh",
        cluster_size=2,
        cluster_mode="multi-node",
        slots=Slots(cpu=0.6 * cores, mem=128 << 20),
    )
    session = compute.wait_started(compute.create(wanted).session, 90)
    assert [one.agent for one in session.kernels] == [f"i-{name}" for name in names]
    said = _outputs(compute, session, dict.fromkeys(("main1", "sub1"), "cat /etc/hosts"))
    for kernel in session.kernels:
        assert f"{kernel.address}\t{kernel.host}" in said["main1"].splitlines()
        assert f"{kernel.address}\t{kernel.host}" in said["sub1"].splitlines()
    compute.end(session)


def test_containers_reach_one_another_by_name(compute: Compute, make: Make) -> None:
    session = compute.wait_started(make("talk", cluster_size=2, cluster_mode="multi-node"))
    scripts = {"sub1": f"python3 -c '{_SERVE}'", "main1": f"python3 -c '{_ASK}'"}
    assert _outputs(compute, session, scripts)["sub1"] == "hello from main1\n"
