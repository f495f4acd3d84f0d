"""What a node has already is not sent again: changed files, other sessions, ended ones."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from outrig.errors import Interrupted
from outrig.model.session import SyncRequest
from outrig.testing.memory import MemorySnapshot
from outrig.testing.providers import Held
from tests.core.node.test_node_sync import CutShort, tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from outrig.model.session import SyncReport
    from outrig_local.provider import LocalProvider

CHUNK = 4 << 20
LARGE = os.urandom(3 * CHUNK)
FILES = {f"d{number % 3}/f{number}": os.urandom(100_000) for number in range(60)}


@pytest.fixture
def keeping(provider: LocalProvider) -> LocalProvider:
    """A provider whose node keeps what ended sessions had."""
    provider.keep_bytes = 64 << 20
    return provider


def ended(provider: LocalProvider, files: Mapping[str, bytes], script: str = "true") -> None:
    """Let a session come and go."""
    held = Held(provider)
    held.sync(files)
    held.sh(script)
    held.end()


def sent(held: Held, files: Mapping[str, bytes]) -> int:
    """Sync, and return how many chunks were sent."""
    return held.sync(files).sent_chunks


def kept_names(root: Path) -> set[str]:
    """Return the names of all that sessions which ended have left."""
    return {path.name for kept in (root / "kept").iterdir() for path in (kept / "work").rglob("*")}


def test_of_a_large_file_only_new_chunks_are_sent(held: Held, root: Path) -> None:
    assert sent(held, {"large": LARGE}) == 3
    longer = LARGE + b"more"
    assert sent(held, {"large": longer}) == 1
    changed = longer[:CHUNK] + b"!" + longer[CHUNK + 1 :]
    assert sent(held, {"large": changed}) == 1
    assert sent(held, {"large": changed[: 2 * CHUNK]}) == 0
    assert tree(root, held) == {"large": changed[: 2 * CHUNK]}


def test_what_is_renamed_copied_or_swapped_is_not_sent(held: Held, root: Path) -> None:
    first = {"a/x": LARGE, "b": b"b" * 999, "gone": b"gone" * 99}
    sent(held, first)
    second = {"new/y": LARGE, "copy": b"b" * 999, "b": b"b" * 999, "a/z": b"gone" * 99}
    assert sent(held, second) == 0
    assert tree(root, held) == second
    third = {**second, "b": second["a/z"], "a/z": second["b"]}
    assert sent(held, third) <= 1
    assert tree(root, held) == third


def test_a_file_that_a_run_changed_is_no_source(held: Held, root: Path) -> None:
    sent(held, {"large": LARGE})
    held.sh("printf spoilt | dd of=large conv=notrunc 2> dd.log; rm dd.log")
    assert sent(held, {"other": LARGE}) == 3
    assert tree(root, held)["other"] == LARGE


def test_a_second_session_takes_what_the_first_has(held: Held, root: Path) -> None:
    files = {**FILES, "large": LARGE}
    sent(held, files)
    held.sh("echo spoilt > d0/f0")
    second = Held(held.provider)
    assert sent(second, {**files, "new": b"new"}) == 2
    assert tree(root, second) == {**files, "new": b"new"}
    second.end()


def test_an_ended_session_leaves_its_files_to_the_next(keeping: LocalProvider, root: Path) -> None:
    ended(keeping, FILES, "echo mine > secret; mkdir out; echo > out/x; echo > d0/f0; chmod 0 d1")
    kept = kept_names(root)
    assert "secret" not in kept
    assert "out" not in kept
    again = Held(keeping)
    assert sent(again, FILES) == 1
    assert tree(root, again) == FILES
    assert list((root / "kept").iterdir()) == []
    again.end()
    third = Held(keeping)
    assert third.sync(FILES).skipped is True
    changed = Held(keeping)
    assert sent(changed, {**FILES, "d0/f0": b"other"}) == 1
    assert tree(root, changed) == {**FILES, "d0/f0": b"other"}
    changed.end()
    third.end()


def test_what_is_quite_another_project_is_left_where_it_is(
    keeping: LocalProvider, root: Path
) -> None:
    ended(keeping, FILES)
    other = Held(keeping)
    assert sent(other, {"d0/f0": FILES["d0/f0"], "x": b"x"}) == 2
    assert len(list((root / "kept").iterdir())) == 1
    other.end()


def test_what_was_not_used_for_longest_goes_first(keeping: LocalProvider, root: Path) -> None:
    one, two, three = ({f"big{name}": os.urandom(3 << 20)} for name in "abc")
    keeping.keep_bytes = 7 << 20
    for files in (one, two, three):
        ended(keeping, files)
    assert kept_names(root) == {"bigb", "bigc"}
    keeping.keep_bytes = 1 << 20
    ended(keeping, {"big": os.urandom(3 << 20)})
    keeping.keep_bytes = 0
    ended(keeping, two)
    assert kept_names(root) == {"bigc"}


def test_what_is_kept_is_told_and_cleared(keeping: LocalProvider, root: Path) -> None:
    ended(keeping, {"large": LARGE})
    held = Held(keeping)
    held.sync({})
    assert keeping.kept(held.head).files_bytes == len(LARGE)
    keeping.remove_leftover(held.head, "kept")
    assert keeping.kept(held.head).files_bytes == 0
    assert sent(held, {"large": LARGE}) == 3
    held.end()


def test_what_a_kill_left_of_a_kept_tree_does_no_harm(keeping: LocalProvider, root: Path) -> None:
    ended(keeping, FILES)
    (kept,) = (root / "kept").iterdir()
    (kept / "applied-manifest").unlink()
    (root / "kept" / "odd name").write_text("")
    again = Held(keeping)
    assert sent(again, FILES) == len(FILES)
    assert tree(root, again) == FILES
    again.end()


@pytest.mark.parametrize("text", [b"", b"garbage", b'{"digest": "x", "size": 3}\n[]]'])
def test_a_spoilt_manifest_of_another_session_is_passed_over(
    held: Held, root: Path, text: bytes
) -> None:
    files = {"large": LARGE}
    sent(held, files)
    (root / "s" / held.session_id / "applied-manifest").write_bytes(text)
    second = Held(held.provider)
    assert sent(second, files) == 3
    assert tree(root, second) == files
    second.end()
    (root / "s" / held.session_id / "applied-manifest").unlink()


def test_parts_of_a_large_file_that_came_before_a_cut_are_not_sent_again(
    held: Held, root: Path, provider: LocalProvider
) -> None:
    snapshot = CutShort({"large": LARGE})

    def sync(one: MemorySnapshot) -> SyncReport:
        request = SyncRequest(session_id=held.session_id, nodes=held.nodes, snapshot=one)
        return held.runner.sync(request, held.context)

    with pytest.raises(Interrupted):
        sync(snapshot)
    provider.close()
    assert sync(MemorySnapshot({"large": LARGE})).sent_chunks < 3
    assert not (root / "s" / held.session_id / "aside").exists()
    assert tree(root, held) == {"large": LARGE}


def test_a_directory_that_becomes_a_file_makes_way(held: Held, root: Path) -> None:
    sent(held, {"a/x": LARGE, "b": b"b"})
    assert sent(held, {"new": LARGE, "a": b"file"}) <= 4
    assert tree(root, held) == {"new": LARGE, "a": b"file"}
