"""Chunks on their way to nodes: encoded once for all of them, as each can undo it."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from outrig.engine import Outrig
from outrig.model.blocks import BlockReader, StoredBlock
from outrig.node.packing import Packing, Reading
from outrig.node.program.apply import PACK_HEAD, packed, unpacked
from outrig.node.program.place import Refused
from outrig.node.program.zstd import found_zstd
from outrig.testing.memory import MemoryContext, MemorySnapshot

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.model.snapshot import SnapshotReader

FILES: dict[str, str | bytes] = {f"f{number}": f"{number} " * 5000 for number in range(300)} | {
    "noise": os.urandom(1 << 20)
}


def wanted_of(snapshot: MemorySnapshot) -> dict[str, int]:
    chunks = dict.fromkeys(chunk for entry in snapshot.entries() for chunk in entry.chunks)
    return {digest: number for number, digest in enumerate(chunks)}


def test_several_nodes_share_one_reading_at_their_own_pace() -> None:
    snapshot = MemorySnapshot(FILES)
    packing = Packing(snapshot, MemoryContext(), shared=True)
    wanted = wanted_of(snapshot)
    got: list[list[bytes]] = []

    def node() -> None:
        got.append([*packing.of(wanted, zstd=True).packs()])

    threads = [threading.Thread(target=node) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert snapshot.reads == len(wanted)
    assert all(one == got[0] for one in got)
    assert len(got[0]) > 1
    other = dict(list(wanted.items())[:3])
    assert len([*packing.of(other, zstd=True).packs()]) == 1
    assert snapshot.reads == len(wanted) + 3
    packing.close()


def unpacked_chunks(packs: list[bytes]) -> dict[int, bytes]:
    found = {}
    for pack in packs:
        content, places = unpacked(pack)
        for number, start, length in places:
            assert number not in found
            found[number] = bytes(content[start : start + length])
    return found


def test_packs_are_small_and_come_out_as_they_were() -> None:
    if found_zstd() is None:
        pytest.skip("there is no libzstd here")
    snapshot = MemorySnapshot(FILES)
    wanted = wanted_of(snapshot)
    packing = Packing(snapshot, MemoryContext(), shared=False)
    raw = [*packing.of(wanted, zstd=False).packs()]
    frames = [*packing.of(wanted, zstd=True).packs()]
    assert all(PACK_HEAD.unpack_from(one)[1] == 0 for one in raw)
    assert any(PACK_HEAD.unpack_from(one)[1] > 0 for one in frames)
    chunks = {wanted[digest]: data for digest, data in snapshot.read(tuple(wanted))}
    assert unpacked_chunks(frames) == unpacked_chunks(raw) == chunks
    assert sum(map(len, frames)) < sum(map(len, raw)) / 2


def stored(files: dict[str, str | bytes], place: Path) -> SnapshotReader:
    """Return a snapshot of these files as a store has it."""
    for path, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (place / "project" / path).parent.mkdir(parents=True, exist_ok=True)
        (place / "project" / path).write_bytes(data)
    with Outrig() as outrig:
        (place / "project/outrig.yaml").write_text("name: demo\n")
        project = outrig.project(place / "project")
        info = outrig.snapshots.create(project, outrig.project_id(project)).info
        return outrig.snapshots.reader(info)


def test_blocks_go_as_the_store_has_them(tmp_path: Path, away_from_home: Path) -> None:
    if found_zstd() is None:
        pytest.skip("there is no libzstd here")
    snapshot = stored({**FILES, "large": "text " * (2 << 20)}, tmp_path)
    entries = snapshot.entries()
    wanted = {one: number for number, one in enumerate({c for e in entries for c in e.chunks})}
    assert isinstance(snapshot, BlockReader)
    blocks = [one for one in snapshot.read_stored(tuple(wanted)) if isinstance(one, StoredBlock)]
    packs = [*Reading(snapshot, wanted, True, MemoryContext()).packs()]
    assert len(blocks) >= 3
    assert all(any(one.frame in pack for pack in packs) for one in blocks)
    chunks = {wanted[digest]: data for digest, data in snapshot.read(tuple(wanted))}
    assert unpacked_chunks(packs) == chunks


def test_a_few_files_go_without_the_rest_of_their_block(
    tmp_path: Path, away_from_home: Path
) -> None:
    if found_zstd() is None:
        pytest.skip("there is no libzstd here")
    snapshot = stored({f"f{number}": f"{number} " * 5000 for number in range(100)}, tmp_path)
    few = {e.chunks[0]: n for n, e in enumerate(snapshot.entries()) if e.path in ("f3", "f77")}
    (pack,) = Reading(snapshot, few, True, MemoryContext()).packs()
    content, _ = unpacked(pack)
    assert len(content) == len("3 " * 5000) + len("77 " * 5000)


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x28\xb5\x2f\xfd" + b"\xff" * 40])
def test_what_is_no_zstd_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match="a pack of chunks does not decompress"):
        unpacked(packed([(0, 0, 5)], content, 5))


@pytest.mark.parametrize("size", [64 << 20, 1 << 20])
def test_a_frame_that_would_grow_without_end_is_refused(size: int) -> None:
    import zstandard

    bomb = zstandard.ZstdCompressor().compress(bytes(64 << 20))
    with pytest.raises(Refused, match="a pack of chunks does not decompress"):
        unpacked(packed([], bomb, size))


def test_a_pack_that_is_cut_short_is_refused() -> None:
    whole = packed([(number, 0, 1) for number in range(3)], b"x")
    for end in (0, 3, PACK_HEAD.size, PACK_HEAD.size + 5):
        with pytest.raises(Refused, match="cut short"):
            unpacked(whole[:end])
