"""Files in sessions on nodes, as the engine asks for them."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING

from outrig.errors import RemoteError
from outrig.interfaces import WithFiles
from outrig.node.answers import FileAnswer, FilesAnswer, Nothing, PieceAnswer
from outrig.node.base import NodeBase
from outrig.node.client import decoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from outrig.model.node import Node
    from outrig.model.session import RemoteFile
    from outrig.node.client import NodeClient

PIECE_BYTES = 1 << 20
MOST_AT_ONCE = 4 << 20
MOST_LISTED = 8 << 20
"""So many files and directories are listed at most."""


class FilesOnNodes(NodeBase, WithFiles, ABC):
    """Gives the list, the content and the change of files under a session's work directory."""

    def list_files(
        self, session_id: str, node: Node, patterns: Sequence[str]
    ) -> tuple[RemoteFile, ...]:
        """See `WithFiles`; `**` in a glob stands for any number of directories."""

        def ask(client: NodeClient) -> tuple[RemoteFile, ...]:
            exchange = client.start(
                Nothing, "list_files", session=session_id, patterns=list(patterns)
            )
            found: list[FileAnswer] = []
            for data in exchange.pieces():
                found += decoded(data, FilesAnswer, client.name).files
                if len(found) > MOST_LISTED:
                    raise RemoteError(f"{client.name}: the node lists files without end")
            return tuple(one.file() for one in found)

        return self.on(node, ask)

    def read_file(self, session_id: str, node: Node, path: str) -> Iterator[bytes]:
        """See `WithFiles`; raises `RemoteError` when the file changes while it is read."""
        offset, mark = 0, None
        while True:
            data, piece = self.on(node, _reading(session_id, path, offset))
            if mark is not None and piece.mark != mark:
                raise RemoteError(f"{path} changed while it was read", hint="try again")
            mark, offset = piece.mark, offset + len(data)
            if data:
                yield data
            if offset >= piece.size or not data:
                return

    def write_file(
        self, session_id: str, node: Node, path: str, content: Iterable[bytes], executable: bool
    ) -> None:
        """See `WithFiles`."""
        with self.client(node).start(
            Nothing, "write_file", session=session_id, path=path, executable=executable
        ) as exchange:
            for data in content:
                for start in range(0, len(data), PIECE_BYTES):
                    exchange.send(data[start : start + PIECE_BYTES])
            exchange.end()
            exchange.reply()


class _Reading:
    """One piece of a file, to be asked for again if the connection is lost."""

    def __init__(self, fields: dict[str, object]) -> None:
        self._fields = fields

    def __call__(self, client: NodeClient) -> tuple[bytes, PieceAnswer]:
        exchange = client.start(PieceAnswer, "read_file", **self._fields)
        data = exchange.gather(MOST_AT_ONCE)
        return data, exchange.reply()


def _reading(session_id: str, path: str, offset: int) -> _Reading:
    return _Reading({"session": session_id, "path": path, "offset": offset})
