"""Chunks on their way to nodes: encoded once for all of them, as each can undo it."""

from __future__ import annotations

import os
import threading

import pytest

from outrig.node.packing import Packing
from outrig.node.program.apply import COUNT
from outrig.node.program.wire import RAW, ZSTD, BrokenWireError, plain
from outrig.node.program.zstd import found_zstd
from outrig.testing.memory import MemoryContext, MemorySnapshot

FILES = {f"f{number}": f"{number} " * 5000 for number in range(300)} | {
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
        got.append([pack.data for pack in packing.of(wanted, zstd=True).packs()])

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


def test_packs_are_small_and_come_out_as_they_were() -> None:
    if found_zstd() is None:
        pytest.skip("there is no libzstd here")
    snapshot = MemorySnapshot(FILES)
    wanted = wanted_of(snapshot)
    packing = Packing(snapshot, MemoryContext(), shared=False)
    raw = [*packing.of(wanted, zstd=False).packs()]
    packed = [*packing.of(wanted, zstd=True).packs()]
    assert {one.encoding for one in raw} == {RAW}
    assert ZSTD in {one.encoding for one in packed}
    assert [plain(one.data, one.encoding) for one in packed] == [one.data for one in raw]
    assert sum(len(one.data) for one in packed) < sum(len(one.data) for one in raw) / 2
    counts = [COUNT.unpack_from(one.data)[0] for one in raw]
    assert sum(counts) == len(wanted)


@pytest.mark.parametrize("payload", [b"", b"garbage", b"\x28\xb5\x2f\xfd" + b"\xff" * 40])
def test_what_is_no_zstd_is_refused(payload: bytes) -> None:
    with pytest.raises(BrokenWireError, match="a frame does not decompress"):
        plain(payload, ZSTD)


def test_a_frame_that_would_grow_without_end_is_refused() -> None:
    import zstandard

    bomb = zstandard.ZstdCompressor().compress(bytes(64 << 20))
    with pytest.raises(BrokenWireError, match="a frame does not decompress"):
        plain(bomb, ZSTD)
