"""Our side of a sync: the manifest, and the chunks that a node lacks."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import msgspec

from outrig.errors import RemoteError
from outrig.node.answers import SyncAnswer, Want
from outrig.node.client import decoded
from outrig.node.program.apply import packs
from outrig.node.program.wire import PIECE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from outrig.interfaces import Context
    from outrig.model.snapshot import Entry, SnapshotReader
    from outrig.node.client import NodeClient


class Manifest:
    """A snapshot as nodes are told of it; made once for all nodes."""

    def __init__(self, entries: Collection[Entry]) -> None:
        wanted = [entry for entry in entries if not entry.output]
        self.data = _encoded([_fields(entry) for entry in wanted])
        self.digest = hashlib.sha256(self.data).hexdigest()
        self.chunks = tuple(dict.fromkeys(chunk for one in wanted for chunk in one.chunks))


def _fields(entry: Entry) -> tuple[object, ...]:
    kind, size, time = entry.kind.value, entry.size_bytes, entry.mtime_ns
    return (entry.path, kind, entry.executable, size, time, entry.target, entry.chunks)


def _encoded(fields: list[tuple[object, ...]]) -> bytes:
    try:
        return msgspec.json.encode(fields)
    except UnicodeEncodeError:  # a path that is not UTF-8: surrogates, which only ASCII JSON has
        return json.dumps(fields).encode("ascii")


class NodeSync:
    """The sync of one session on one node."""

    def __init__(self, client: NodeClient, manifest: Manifest, snapshot: SnapshotReader) -> None:
        self._client = client
        self._manifest = manifest
        self._snapshot = snapshot
        self.sent_chunks = 0
        self.sent_bytes = 0

    def run(self, session_id: str, clean: bool, context: Context) -> SyncAnswer:
        """Bring the node up to date; raises `RemoteError`."""
        manifest = self._manifest
        exchange = self._client.start(
            SyncAnswer,
            "sync",
            session=session_id,
            digest=manifest.digest,
            size=len(manifest.data),
            clean=clean,
        )
        while (data := exchange.receive()) is not None:
            want = decoded(data, Want, self._client.name)
            if want.want == "manifest":
                for start in range(0, len(manifest.data), PIECE):
                    exchange.send(manifest.data[start : start + PIECE])
            else:
                for pack in packs(self._wanted(want.chunks, context), PIECE):
                    exchange.send(pack)
                exchange.end()
        return exchange.reply()

    def _wanted(self, numbers: tuple[int, ...], context: Context) -> Iterator[tuple[int, bytes]]:
        """Read the chunks of those numbers, in any order."""
        known = self._manifest.chunks
        if any(not 0 <= number < len(known) for number in numbers):
            raise RemoteError(f"{self._client.name}: the node asks for a chunk that there is not")
        order = {known[number]: number for number in numbers}
        for digest, data in self._snapshot.read(tuple(order)):
            context.check_cancelled()
            self.sent_chunks += 1
            self.sent_bytes += len(data)
            context.progress(self.sent_chunks, len(order), "chunks")
            yield order[digest], data
