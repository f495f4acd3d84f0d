"""Our side of a sync: the manifest, and the chunks that a node lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.errors import RemoteError
from outrig.model.blocks import BlockReader
from outrig.model.session import SyncReport
from outrig.node.answers import SyncAnswer, Want
from outrig.node.client import decoded, encoded
from outrig.node.program.wire import PIECE

if TYPE_CHECKING:
    from collections.abc import Collection

    from outrig.model.session import SyncRequest
    from outrig.model.snapshot import Entry
    from outrig.node.client import NodeClient
    from outrig.node.packing import Packing

SENT_AT_ONCE = 64 << 10
"""A manifest of so few bytes goes with the call, asked for or not: that saves a round trip."""


class Manifest:
    """A snapshot as nodes are told of it; made once for all nodes."""

    def __init__(self, entries: Collection[Entry]) -> None:
        import hashlib  # it loads OpenSSL, which listings need not

        wanted = [entry for entry in entries if not entry.output]
        self.data = encoded([_fields(entry) for entry in wanted])
        self.digest = hashlib.sha256(self.data).hexdigest()
        self.chunks = tuple(dict.fromkeys(chunk for one in wanted for chunk in one.chunks))


def _fields(entry: Entry) -> tuple[object, ...]:
    kind, size, time = entry.kind.value, entry.size_bytes, entry.mtime_ns
    return (entry.path, kind, entry.executable, size, time, entry.target, entry.chunks)


def sync_node(
    client: NodeClient, manifest: Manifest, request: SyncRequest, packing: Packing
) -> SyncReport:
    """Bring one node up to date; raises `RemoteError`."""
    chunks = size_bytes = 0
    at_once = len(manifest.data) <= SENT_AT_ONCE
    asked = {"manifest"} if at_once else set()
    with client.start(
        SyncAnswer,
        "sync",
        session=request.session_id,
        digest=manifest.digest,
        size=len(manifest.data),
        sent=at_once,
        links=isinstance(request.snapshot, BlockReader) and request.snapshot.linked,
        clean=request.clean,
    ) as exchange:
        if at_once:
            exchange.send(manifest.data)
        for data in exchange.pieces():
            want = decoded(data, Want, client.name)
            if want.want in asked:
                raise RemoteError(f"{client.name}: the node asks for the {want.want} again")
            asked.add(want.want)
            if want.want == "manifest":
                for start in range(0, len(manifest.data), PIECE):
                    exchange.send(manifest.data[start : start + PIECE])
                continue
            wanted = _by_digest(manifest, want.chunks, client.name)
            if want.want == "links":
                for link in packing.links(wanted):
                    exchange.send(encoded(link))
                exchange.end()
                continue
            zstd = want.zstd and client.compresses
            source = packing.of(wanted, zstd=zstd)
            for pack in source.packs():
                exchange.send(pack, packed=zstd)
            exchange.end()
            chunks, size_bytes = len(wanted), source.size_bytes
        answer = exchange.reply()
    return SyncReport(
        skipped=answer.skipped,
        sent_chunks=chunks,
        sent_bytes=size_bytes,
        written_files=answer.written,
        removed_files=answer.removed,
    )


def _by_digest(manifest: Manifest, numbers: tuple[int, ...], name: str) -> dict[str, int]:
    known = manifest.chunks
    if any(not 0 <= number < len(known) for number in numbers):
        raise RemoteError(f"{name}: the node asks for a chunk that there is not")
    return {known[number]: number for number in numbers}
