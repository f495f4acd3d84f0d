"""The provider `ray` on a real Ray: the contract of providers, as far as it needs few jobs.

A job takes seconds to start, so what one test of the contract asks of several runs is asked here of
few; what is about other things than runs and files on a cluster is not repeated.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from outrig.errors import CapacityError, NotFoundError, OutrigError, RemoteError, UsageError
from outrig.ids import new_id
from outrig.model.node import ProvisionRequest
from outrig.model.project import Environment
from outrig.model.resources import Resources
from outrig.model.run import (
    EnvironmentSource,
    ExecuteRequest,
    PrepareRequest,
    RunRef,
    RunStatus,
    Stream,
    Task,
)
from outrig.testing.memory import MemoryContext, MemoryFile
from outrig.testing.providers import HOSTILE_NAMES, Held
from outrig_ray.engine.held import Shelf
from outrig_ray.engine.provider import RayProvider
from outrig_ray.engine.settings import RaySettings
from outrig_ray.jobs.address import Address
from outrig_ray.jobs.client import Jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.plugins.ray.jobs.conftest import Head

pytestmark = pytest.mark.timeout(300)
SMALL = Resources(cpu=0.1)
GRACE_S = 5.0


@pytest.fixture
def held(head: Head) -> Iterator[Held]:
    """A session on the shared Ray, of which nothing is left at the end."""
    session = Held(RayProvider(RaySettings(address=head.url, cpus=0.1)))
    yield session
    if Shelf(session.session_id).directory.exists():
        session.end()
    assert not (head.logs / "outrig" / session.session_id).exists()
    jobs = Jobs(Address(url=head.url)).jobs()
    assert [one.id for one in jobs if session.session_id in str(one.metadata)] == []


def test_runs_have_files_output_and_an_end(held: Held, head: Head) -> None:
    held.sync(
        {
            "a.txt": "one",
            "run.sh": MemoryFile(content=b"#!/bin/sh\necho ran\n", executable=True),
            "link": MemoryFile(target="a.txt"),
            "empty/": "",
            "big": os.urandom((9 << 20) + 17),
            "output": MemoryFile(content=b"kept at home", output=True),
            **{f"odd/{name}": "x" for name in HOSTILE_NAMES},
        }
    )
    odd = "a 'b' \"c\" $d\nline `e` \N{SNOWMAN}"
    script = (
        'printf %s "$ODD"; echo; echo "$OUTRIG_SESSION $OUTRIG_RUN"; ./run.sh; cat link; ls;'
        " wc -c < big; ls -A odd | wc -l; stat -c %Y a.txt; echo err >&2; echo broken > a.txt;"
        " rm -r odd; ln -s / odd; echo made > made.txt; setsid sleep 600 & kill -KILL $$"
    )
    task = Task(id=new_id(), script=script, variables={"ODD": odd}, resources=SMALL)
    (ref,) = held.start(task)
    (state,) = held.wait(ref)
    listed = "a.txt\nbig\nempty\nlink\nodd\nrun.sh\n"
    rest = f"ran\none{listed}9437201\n{len(HOSTILE_NAMES) + 1}\n1700000000\n"
    assert held.log(ref).decode() == f"{odd}\n{held.session_id} {task.id}\n{rest}"
    assert (state.status, state.exit_code) == (RunStatus.FAILED, 137)
    assert state.started_at is not None
    assert state.ended_at is not None
    assert state.usage is not None
    assert held.log(ref, Stream.ERR) == b"err\n"
    part = held.runner.read_log(ref, Stream.OUT, 2, 3)
    assert (part.data, part.next_offset) == (b"'b'", 5)
    assert held.runner.read_log(ref, Stream.ERR, 4, 100).ended
    assert held.start(task) == (ref,)

    again = held.sync({"a.txt": "one", "odd/x": "y"})
    assert (again.skipped, again.sent_chunks) == (False, 2)
    assert held.sync({"a.txt": "one", "odd/x": "y"}).skipped
    _, out, _ = held.sh("cat a.txt odd/x made.txt; ls; seq 100000", resources=SMALL)
    assert out.startswith(b"oneymade\na.txt\nmade.txt\nodd\n1\n2\n")
    assert out.endswith(b"\n100000\n")
    assert len(out) > 500_000


def test_files_are_listed_read_and_written(held: Held) -> None:
    held.sync({name: name.encode("utf-8", "surrogateescape") for name in HOSTILE_NAMES})
    where = (held.session_id, held.head)
    data = os.urandom(1 << 20)
    held.files.write_file(*where, "out/deep/data.bin", (data[:100], data[100:]), True)
    held.sh("ln -s /etc link; echo 1 > out/deep/more", resources=SMALL)
    found = {one.path: one for one in held.files.list_files(*where, [".", "out/*/*.bin"])}
    assert {*HOSTILE_NAMES, "link", "out", "out/deep", "out/deep/more", "out/deep/data.bin"} == set(
        found
    )
    assert found["out/deep/data.bin"].executable
    assert found["link"].target == "/etc"
    for name in (*HOSTILE_NAMES[-3:], "new\nline"):
        content = b"".join(held.files.read_file(*where, name))
        assert content == name.encode("utf-8", "surrogateescape")
    assert b"".join(held.files.read_file(*where, "out/deep/data.bin")) == data
    with pytest.raises(NotFoundError, match="link/hostname"):
        list(held.files.read_file(*where, "link/hostname"))
    with pytest.raises(UsageError, match="outside"):
        held.files.write_file(*where, "link/hostname", (b"x",), False)
    for path in ("../outside", "/etc/passwd", "a/../../x"):
        with pytest.raises(UsageError, match="outside"):
            list(held.files.read_file(*where, path))


def test_a_run_waits_for_its_turn_and_is_cancelled(held: Held) -> None:
    held.sync({})
    stubborn = Task(
        id=new_id(),
        script="trap '' TERM; echo ready; while :; do sleep 0.05; done",
        resources=SMALL,
    )
    second = Task(id=new_id(), script="echo second", resources=SMALL)
    third = Task(id=new_id(), script="echo third", resources=SMALL)
    refs = held.start(stubborn, second, third, cap=1)
    huge = Task(id=new_id(), script="true", resources=Resources(memory_mib=1 << 20))
    (queued,) = held.start(huge)
    held.wait_for_output(refs[0], b"ready")
    states = held.runner.observe((*refs, queued))
    assert [one.status.value for one in states] == ["RUNNING", "QUEUED", "QUEUED", "QUEUED"]
    held.runner.cancel((refs[2], queued), GRACE_S)
    held.runner.cancel(refs[:1], GRACE_S)
    states = held.wait(*refs, queued)
    ends = [(one.status.value, one.exit_code) for one in states]
    assert ends[:2] == [("CANCELLED", 137), ("SUCCEEDED", 0)]
    assert ends[2:] == [("CANCELLED", None), ("CANCELLED", None)]
    nobody = RunRef(id=new_id(), session_id=held.session_id, node=held.head)
    assert held.runner.observe((nobody,))[0].status is RunStatus.LOST


def test_an_environment_and_a_time_limit(held: Held) -> None:
    held.sync({})
    state, _, _ = held.sh("echo $$ > pid; sleep 600", timeout_s=0.3, resources=SMALL)
    assert (state.status, state.exit_code) == (RunStatus.FAILED, 124)
    assert state.reason == "timed out after 0.3 s"
    provider = held.provider
    assert isinstance(provider, RayProvider)
    source = EnvironmentSource(spec=Environment(shell=("echo said", "false")))
    made = provider.prepare(
        PrepareRequest(
            session_id=held.session_id, nodes=held.nodes, source=source, digest="d" * 64
        ),
        held.context,
    )
    task = Task(id=new_id(), script="echo never", resources=SMALL)
    request = ExecuteRequest(
        session_id=held.session_id, nodes=held.nodes, tasks=(task,), environment=made
    )
    (ref,) = provider.execute(request, held.context)
    (state,) = held.wait(ref)
    assert (state.status, state.exit_code) == (RunStatus.FAILED, 125)
    assert state.reason == "a step of the environment failed with exit code 1"
    assert (held.log(ref), held.log(ref, Stream.ERR)) == (b"", b"said\n")


def test_a_session_that_is_not_there_is_said(held: Held) -> None:
    with pytest.raises(OutrigError, match=held.session_id):
        held.start(Task(id=new_id(), script="true"))
    with pytest.raises(OutrigError, match=held.session_id):
        held.files.list_files(held.session_id, held.head, ["."])


def test_what_a_cluster_cannot_be_asked_is_refused(held: Held) -> None:
    provider = held.provider
    assert isinstance(provider, RayProvider)
    request = ProvisionRequest(session_id="s", session_name="s", token="t", count=2)
    with pytest.raises(CapacityError, match="1 node, the cluster; 2 are asked for"):
        provider.provision(request, MemoryContext())
    with pytest.raises(RemoteError, match="makes no images"):
        provider.check_environment(EnvironmentSource(spec=Environment(image="x")))
    ((name, well, said),) = provider.check()
    assert (name, well) == ("dashboard", True)
    assert said.startswith("Ray 2.")
    assert said.endswith(", 1 node")
    gone = RayProvider(RaySettings(address="http://127.0.0.1:1", patience_s=0))
    ((name, well, said),) = gone.check()
    assert (name, well) == ("dashboard", False)
