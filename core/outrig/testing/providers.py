"""The contract of providers: subclass it, give the fixture `provider`, get the suite.

    class TestAcme(ProviderContract):
        @pytest.fixture
        def provider(self) -> Iterator[Provider]:
            yield AcmeProvider(AcmeSettings(region="test"))

What an optional ability promises is tested when the provider has it. A fixture `faults` (see
`outrig.testing.faulty_provider`) adds what only the provider's own cloud can do wrong.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

import pytest

from outrig.errors import NotFoundError, OutrigError
from outrig.ids import new_id
from outrig.interfaces import Provider, WithExecution, WithFiles, WithSessionEnd
from outrig.model.node import Node, NodeQuery, ProvisionRequest, Release, ResourceRef
from outrig.model.run import ExecuteRequest, RunRef, RunState, RunStatus, Stream, Task
from outrig.model.session import SyncReport, SyncRequest
from outrig.testing.faulty_provider import ProviderFaultContract
from outrig.testing.memory import MemoryContext, MemoryFile, MemorySnapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HOSTILE_NAMES = (
    "with space",
    "-rf",
    "--help",
    "quote'quote",
    'double"quote',
    "$HOME",
    "`id`",
    "back\\slash",
    "new\nline",
    "tab\there",
    "esc\x1b[31m",
    "emoji-\N{SNOWMAN}",
    "*",
    "not-utf8-\udcff\udcfe",
    "n" * 255,
)
GRACE_S = 5.0
LONG_S = 60.0


class Held:
    """A session on a provider's nodes."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.context = MemoryContext(own_settings=provider.settings)
        self.session_id = new_id()
        self.nodes = provider.provision(self._request(), self.context)

    def _request(self) -> ProvisionRequest:
        return ProvisionRequest(
            session_id=self.session_id, session_name="contract", token=self.session_id
        )

    @property
    def runner(self) -> WithExecution:
        """The provider, which must be able to run things."""
        if not isinstance(self.provider, WithExecution):
            pytest.skip("the provider runs nothing")
        return self.provider

    @property
    def files(self) -> WithFiles:
        """The provider, which must give access to files."""
        if not isinstance(self.provider, WithFiles):
            pytest.skip("the provider has no files")
        return self.provider

    @property
    def head(self) -> Node:
        """The first node."""
        return self.nodes[0]

    def sync(
        self, files: Mapping[str, bytes | str | MemoryFile], *, clean: bool = False
    ) -> SyncReport:
        """Make the work directory equal to these files."""
        request = SyncRequest(
            session_id=self.session_id,
            nodes=self.nodes,
            snapshot=MemorySnapshot(files),
            clean=clean,
        )
        return self.runner.sync(request, self.context)

    def start(self, *tasks: Task, cap: int | None = None) -> tuple[RunRef, ...]:
        """Start tasks on the head."""
        request = ExecuteRequest(
            session_id=self.session_id, nodes=self.nodes[:1], tasks=tasks, cap=cap
        )
        return self.runner.execute(request, self.context)

    def wait(self, *refs: RunRef) -> tuple[RunState, ...]:
        """Wait until all of the runs have ended."""
        while True:
            states = self.runner.wait(refs, LONG_S)
            if all(state.status.ended for state in states):
                return states

    def wait_for_output(self, ref: RunRef, wanted: bytes) -> None:
        """Wait until a run has printed something."""
        while wanted not in self.log(ref):
            assert not self.runner.wait((ref,), LONG_S)[0].status.ended

    def log(self, ref: RunRef, stream: Stream = Stream.OUT) -> bytes:
        """Return what a run has printed so far."""
        data = b""
        while part := self.runner.read_log(ref, stream, len(data), 1 << 16).data:
            data += part
        return data

    def sh(self, script: str, **fields: object) -> tuple[RunState, bytes, bytes]:
        """Run a script to its end; return its state and what it printed."""
        (ref,) = self.start(Task(id=new_id(), script=script, **fields))  # type: ignore[arg-type]
        (state,) = self.wait(ref)
        return state, self.log(ref), self.log(ref, Stream.ERR)

    def end(self) -> None:
        """End the session and give the nodes back."""
        if isinstance(self.provider, WithSessionEnd):
            self.provider.end_session(self.session_id, self.nodes, GRACE_S)
        targets = tuple(ResourceRef(kind="node", id=node.id) for node in self.nodes)
        self.provider.release(targets, Release.TERMINATE, self.context)


class ProviderContract(ProviderFaultContract):
    """What every provider promises: nodes, runs, files, and what happens when things go wrong."""

    @pytest.fixture
    def held(self, provider: Provider) -> Iterator[Held]:
        """A session whose work directory exists."""
        session = Held(provider)
        if isinstance(provider, WithExecution):
            session.sync({})
        yield session
        session.end()

    def test_nodes_are_named_and_found(self, held: Held) -> None:
        assert held.nodes
        assert [node.rank for node in held.nodes] == list(range(len(held.nodes)))
        found = held.provider.list_nodes(NodeQuery(session_id=held.session_id), held.context)
        assert {node.id for node in held.nodes} <= {node.id for node in found.nodes}

    def test_release_may_be_repeated_and_missing_is_success(self, held: Held) -> None:
        held.end()
        held.end()
        nothing = ResourceRef(kind="node", id="there-is-no-such-node")
        report = held.provider.release((nothing,), Release.TERMINATE, held.context)
        assert report.released == (nothing,)
        assert report.failed == ()

    def test_a_command_runs_and_its_output_comes_back(self, held: Held) -> None:
        state, out, err = held.sh("echo out; echo err >&2; exit 7")
        assert (state.status, state.exit_code) == (RunStatus.FAILED, 7)
        assert (out, err) == (b"out\n", b"err\n")
        assert state.started_at is not None
        assert state.ended_at is not None
        assert state.usage is not None

    def test_variables_reach_the_command(self, held: Held) -> None:
        hostile = "a 'b' \"c\" $d\nline `e` \N{SNOWMAN}"
        _, out, _ = held.sh(
            'printf %s "$ODD"; echo; echo "$OUTRIG_SESSION"', variables={"ODD": hostile}
        )
        assert out.decode() == f"{hostile}\n{held.session_id}\n"

    def test_a_signal_is_128_and_its_number(self, held: Held) -> None:
        state, _, _ = held.sh("kill -KILL $$")
        assert (state.status, state.exit_code) == (RunStatus.FAILED, 137)

    def test_starting_a_run_twice_runs_it_once(self, held: Held) -> None:
        task = Task(id=new_id(), script="echo once >> count; cat count")
        (ref,) = held.start(task)
        held.wait(ref)
        assert held.start(task) == (ref,)
        held.wait(*held.start(Task(id=new_id(), script="true"), task))
        assert held.sh("cat count")[1] == b"once\n"

    def test_a_log_is_read_from_any_offset(self, held: Held) -> None:
        (ref,) = held.start(Task(id=new_id(), script="printf 0123456789"))
        held.wait(ref)
        part = held.runner.read_log(ref, Stream.OUT, 4, 3)
        assert (part.data, part.offset, part.next_offset) == (b"456", 4, 7)
        last = held.runner.read_log(ref, Stream.OUT, 10, 100)
        assert (last.data, last.ended) == (b"", True)
        assert held.runner.read_log(ref, Stream.OUT, 1000, 100).data == b""

    def test_output_is_seen_while_the_command_runs(self, held: Held) -> None:
        (ref,) = held.start(Task(id=new_id(), script="echo first; read line < go || sleep 600"))
        held.wait_for_output(ref, b"first")
        (state,) = held.runner.observe((ref,))
        assert state.status is RunStatus.RUNNING
        assert state.started_at is not None
        held.runner.cancel((ref,), GRACE_S)
        assert held.wait(ref)[0].status is RunStatus.CANCELLED

    def test_cancel_ends_what_ignores_term(self, held: Held) -> None:
        script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
        (ref,) = held.start(Task(id=new_id(), script=script))
        held.wait_for_output(ref, b"ready")
        held.runner.cancel((ref,), 0.1)
        (state,) = held.wait(ref)
        assert (state.status, state.exit_code) == (RunStatus.CANCELLED, 137)
        held.runner.cancel((ref,), 0.1)
        assert held.runner.observe((ref,))[0].exit_code == 137

    def test_a_timeout_is_a_failure_with_its_reason(self, held: Held) -> None:
        state, _, _ = held.sh("sleep 600", timeout_s=0.3)
        assert (state.status, state.exit_code) == (RunStatus.FAILED, 124)
        assert state.reason == "timed out after 0.3 s"

    def test_a_cap_holds(self, held: Held) -> None:
        script = "mkdir turn && sleep 0.05 && rmdir turn"
        refs = held.start(*(Task(id=new_id(), script=script) for _ in range(5)), cap=1)
        assert {state.status for state in held.wait(*refs)} == {RunStatus.SUCCEEDED}

    def test_an_unknown_run_is_lost(self, held: Held) -> None:
        ref = RunRef(id=new_id(), session_id=held.session_id, node=held.head)
        assert held.runner.observe((ref,))[0].status is RunStatus.LOST

    def test_a_session_that_is_not_there_is_said(self, held: Held) -> None:
        if not isinstance(held.provider, WithSessionEnd):
            pytest.skip("the provider keeps nothing for sessions")
        held.provider.end_session(held.session_id, held.nodes, GRACE_S)
        with pytest.raises(OutrigError, match=held.session_id):
            held.start(Task(id=new_id(), script="true"))

    def test_sync_makes_the_directory_equal(self, held: Held) -> None:
        held.sync(
            {
                "a.txt": "one",
                "run.sh": MemoryFile(content=b"#!/bin/sh\necho ran\n", executable=True),
                "link": MemoryFile(target="a.txt"),
                "deep/er/file": "x",
                "empty/": "",
                "big": os.urandom((9 << 20) + 17),
                "output": MemoryFile(content=b"kept at home", output=True),
            }
        )
        _, out, _ = held.sh(
            "./run.sh; cat link; ls; wc -c < big; ls empty | wc -l; stat -c %Y a.txt"
        )
        listed = "a.txt\nbig\ndeep\nempty\nlink\nrun.sh\n"
        assert out.decode() == f"ran\none{listed}9437201\n0\n1700000000\n"

    def test_sync_again_sends_nothing(self, held: Held) -> None:
        files = {"a.txt": "one", "b.txt": "two"}
        assert held.sync(files).sent_chunks == 2
        again = held.sync(files)
        assert (again.skipped, again.sent_chunks) == (True, 0)
        changed = held.sync({**files, "b.txt": "three"})
        assert (changed.skipped, changed.sent_chunks) == (False, 1)

    def test_sync_restores_what_a_run_changed(self, held: Held) -> None:
        files = {"a.txt": "one", "d/b.txt": "two"}
        held.sync(files)
        held.sh("echo broken > a.txt; rm -r d; ln -s / d")
        held.sync(files)
        assert held.sh("cat a.txt d/b.txt")[1] == b"onetwo"

    def test_sync_removes_only_what_it_brought(self, held: Held) -> None:
        held.sync({"old.txt": "old", "d/old.txt": "old", "keep.txt": "keep"})
        held.sh("echo mine > d/made.txt; echo mine > made.txt")
        held.sync({"keep.txt": "keep"})
        assert held.sh("find . -type f | sort")[1] == b"./d/made.txt\n./keep.txt\n./made.txt\n"
        held.sync({"keep.txt": "keep"}, clean=True)
        assert held.sh("find . -mindepth 1")[1] == b"./keep.txt\n"

    def test_hostile_names_survive(self, held: Held) -> None:
        held.sync({name: name.encode("utf-8", "surrogateescape") for name in HOSTILE_NAMES})
        found = held.files.list_files(held.session_id, held.head, ["."])
        assert {file.path for file in found} == set(HOSTILE_NAMES)
        for name in HOSTILE_NAMES:
            content = b"".join(held.files.read_file(held.session_id, held.head, f"./{name}"[2:]))
            assert content == name.encode("utf-8", "surrogateescape")

    def test_files_are_listed_read_and_written(self, held: Held) -> None:
        provider, where = held.files, (held.session_id, held.head)
        data = os.urandom(5 << 20)
        provider.write_file(*where, "out/deep/data.bin", (data[:100], data[100:]), False)
        provider.write_file(*where, "out/tool", (b"#!/bin/sh\necho works\n",), True)
        assert b"".join(provider.read_file(*where, "out/deep/data.bin")) == data
        assert held.sh("./out/tool")[1] == b"works\n"
        names = [file.path for file in provider.list_files(*where, ["out/*/*.bin", "out/tool"])]
        assert names == ["out/deep/data.bin", "out/tool"]
        below = [file.path for file in provider.list_files(*where, ["out"])]
        assert below == ["out", "out/deep", "out/deep/data.bin", "out/tool"]
        assert provider.list_files(*where, ["nothing", "no/*"]) == ()

    def test_a_missing_file_is_said(self, held: Held) -> None:
        with pytest.raises(NotFoundError, match=r"nothing\.txt"):
            list(held.files.read_file(held.session_id, held.head, "nothing.txt"))

    @pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../x", "link/hostname"])
    def test_files_outside_are_out_of_reach(self, held: Held, path: str) -> None:
        held.sh(f"ln -s /etc {shlex.quote('link')}")
        with pytest.raises(OutrigError):
            list(held.files.read_file(held.session_id, held.head, path))
        with pytest.raises(OutrigError):
            held.files.write_file(held.session_id, held.head, path, (b"x",), False)
