"""Sync: cut short, beside a run that works in the same files, and against what a run put there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.errors import Interrupted, OutrigError
from outrig.ids import new_id
from outrig.model.run import Task
from outrig.model.session import SyncRequest
from outrig.node.program.wire import DATA
from outrig.testing.memory import MTIME_NS, MemoryFile, MemorySnapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from outrig.node.client import Exchange
    from outrig.node.program.wire import Frame
    from outrig.testing.providers import Held
    from outrig_local.provider import LocalProvider

LATER_NS = MTIME_NS + 5_000_000_000


def tree(root: Path, held: Held) -> dict[str, bytes]:
    """Return what is in the work directory, links as `-> target`."""
    work = root / "s" / held.session_id / "work"
    found = {}
    for path in sorted(work.rglob("*")):
        name = str(path.relative_to(work))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}".encode()
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


class CutShort(MemorySnapshot):
    """A snapshot whose reading is interrupted after some chunks."""

    after = 2

    def read(self, digests: Collection[str]) -> Iterator[tuple[str, bytes]]:
        for number, pair in enumerate(super().read(digests)):
            if number == self.after:
                raise Interrupted
            yield pair


def sync(held: Held, snapshot: MemorySnapshot) -> int:
    """Sync, and return how many chunks were sent."""
    request = SyncRequest(session_id=held.session_id, nodes=held.nodes, snapshot=snapshot)
    return held.runner.sync(request, held.context).sent_chunks


def test_a_sync_that_was_cut_short_is_completed(
    held: Held, root: Path, provider: LocalProvider
) -> None:
    old = {"a": "old a", "b": "old b", "gone": "old", "d/x": "old x"}
    new = {f"new/{number}": os.urandom(900_000) for number in range(6)}
    held.sync(old)
    with pytest.raises(Interrupted):
        sync(held, CutShort({**new, "a": "new a", "d": "a file now"}))
    provider.close()
    assert sync(held, MemorySnapshot({**new, "b": "new b"})) <= len(new) + 1
    assert tree(root, held) == {**new, "b": b"new b"}


def test_what_was_sent_before_the_cut_is_not_sent_again(
    held: Held, provider: LocalProvider
) -> None:
    files = {str(number): os.urandom(1_000_000) for number in range(8)}
    snapshot = CutShort(files)
    snapshot.after = 6
    with pytest.raises(Interrupted):
        sync(held, snapshot)
    provider.close()
    assert sync(held, MemorySnapshot(files)) < 8


def test_a_failed_sync_does_not_block_the_connection(held: Held, root: Path) -> None:
    with pytest.raises(Interrupted):
        sync(held, CutShort({str(number): os.urandom(900_000) for number in range(30)}))
    held.sync({"a": "whole"})
    assert tree(root, held) == {"a": b"whole"}


def test_only_what_changed_of_a_large_file_is_sent(held: Held, root: Path) -> None:
    large = os.urandom(17 << 20)
    assert sync(held, MemorySnapshot({"large": large})) == 5
    longer = large + b"more"
    sync(held, MemorySnapshot({"large": longer}))
    assert tree(root, held) == {"large": longer}


def test_only_the_time_changed(held: Held, root: Path) -> None:
    held.sync({"a": "same"})
    report = held.sync({"a": MemoryFile(content=b"same", mtime_ns=LATER_NS)})
    assert report.sent_chunks == 0
    assert (root / "s" / held.session_id / "work" / "a").stat().st_mtime_ns == LATER_NS


def test_only_the_mode_changed(held: Held) -> None:
    held.sync({"a": MemoryFile(content=b"#!/bin/sh\necho ran\n")})
    held.sync({"a": MemoryFile(content=b"#!/bin/sh\necho ran\n", executable=True)})
    assert held.sh("./a")[1] == b"ran\n"


def test_kinds_change_into_each_other(held: Held, root: Path) -> None:
    first: dict[str, str | MemoryFile] = {"a": "file", "b/c": "dir", "l": MemoryFile(target="a")}
    second: dict[str, str | MemoryFile] = {"a/x": "dir now", "b": "file now", "l/y": "dir too"}
    held.sync(first)
    held.sync(second)
    assert tree(root, held) == {"a/x": b"dir now", "b": b"file now", "l/y": b"dir too"}
    held.sync(first)
    assert tree(root, held) == {"a": b"file", "b/c": b"dir", "l": b"-> a"}


def test_a_directory_that_a_run_put_in_the_way_is_said(held: Held, root: Path) -> None:
    held.sh("mkdir taken && touch taken/mine")
    with pytest.raises(OutrigError, match="taken is a directory in the session") as caught:
        held.sync({"taken": "file"})
    assert caught.value.hint == "sync with --clean to remove them"
    held.sync({"taken": "file"}, clean=True)
    assert tree(root, held) == {"taken": b"file"}


@pytest.mark.parametrize("what", ["ln -s /tmp sub", "mkfifo sub", "echo file > sub"])
def test_what_a_run_put_in_place_of_a_directory_makes_way(
    held: Held, root: Path, tmp_path: Path, what: str
) -> None:
    held.sync({"sub/file": "mine"})
    held.sh(f"rm -r sub; {what}")
    held.sync({"sub/file": "mine", "sub/new": "new"})
    assert tree(root, held) == {"sub/file": b"mine", "sub/new": b"new"}
    assert not Path("/tmp/file").exists()


def test_a_file_that_a_run_changed_stays_when_it_is_wanted_no_more(held: Held, root: Path) -> None:
    held.sync({"changed": "as sent", "same": "as sent"})
    held.sh("echo result > changed")
    held.sync({})
    assert tree(root, held) == {"changed": b"result\n"}


def test_an_unwritable_directory_is_cleaned(held: Held, root: Path) -> None:
    held.sh("mkdir -p locked/deep && touch locked/deep/file && chmod -R a-w locked")
    held.sync({"a": "a"}, clean=True)
    assert tree(root, held) == {"a": b"a"}


@pytest.mark.parametrize("path", ["../out", "/abs", "a/../../b", "a//b", ".", "nul\0byte", ""])
def test_a_path_that_leads_outside_is_refused(held: Held, path: str) -> None:
    with pytest.raises(OutrigError):
        held.sync({path or "/": MemoryFile(content=b"x")})


def test_two_syncs_of_one_session_come_one_after_the_other(
    held: Held, root: Path, provider: LocalProvider
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    wanted = [{f"{side}/{number}": f"{side}" for number in range(300)} for side in "ab"]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(held.sync, wanted))
    assert tree(root, held) in [
        {name: text.encode() for name, text in one.items()} for one in wanted
    ]


def test_a_run_sees_old_or_new_content_and_nothing_between(held: Held) -> None:
    content = [bytes([letter]) * 200_000 for letter in b"ab"]
    held.sync({"file": content[0]})
    check = "while [ ! -e stop ]; do fold -w 1 file | sort -u | wc -l; done"
    (ref,) = held.start(Task(id=new_id(), script=check))
    for number in range(20):
        held.sync({"file": content[number % 2]})
    held.sh("touch stop")
    held.wait(ref)
    assert set(held.log(ref).split()) <= {b"1"}


@pytest.mark.parametrize(("count", "asked"), [(3, ["chunks"]), (2000, ["manifest", "chunks"])])
def test_only_a_large_manifest_waits_until_it_is_asked_for(
    held: Held, provider: LocalProvider, root: Path, count: int, asked: list[str]
) -> None:
    files = {f"f{number}": f"{number}" for number in range(count)}
    client = provider.client(held.nodes[0])
    wants: list[str] = []
    start = client.start

    def listening(reply: type[object], op: str, **fields: object) -> Exchange[object]:
        exchange = start(reply, op, **fields)
        put = exchange.put

        def noting(frame: Frame) -> None:
            if frame.kind == DATA:
                wants.append(str(frame.fields()["want"]))
            put(frame)

        exchange.put = noting  # type: ignore[method-assign]
        return exchange

    client.start = listening  # type: ignore[method-assign,assignment]
    assert sync(held, MemorySnapshot(files)) == count
    assert wants == asked
    assert len(tree(root, held)) == count
    (root / "s" / held.session_id / "work/f1").write_text("changed by a run")
    assert sync(held, MemorySnapshot(files)) == 1
    assert tree(root, held)["f1"] == b"1"
