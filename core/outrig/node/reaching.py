"""Other ways to a node than its program: ports, and programs of OpenSSH."""

from __future__ import annotations

import contextlib
from abc import ABC
from typing import TYPE_CHECKING

from outrig.access import WithForward, WithLogin
from outrig.errors import RemoteError, UsageError
from outrig.model.console import ByteStream
from outrig.model.node import Login
from outrig.node.base import NodeBase
from outrig.transport.choosing import OPENSSH, chosen, transport_for

if TYPE_CHECKING:
    from outrig.model.node import Node
    from outrig.transport.base import Pipe


class PipeStream(ByteStream):
    """A connection to a port, through a pipe of its own."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def read(self, max_bytes: int) -> bytes:
        """Return what has come, empty at the end; raises `RemoteError` when nothing was reached."""
        try:
            read = getattr(self._pipe.source, "read1", self._pipe.source.read)
            data: bytes = read(max_bytes)
        except (OSError, ValueError):
            return b""
        if not data:
            self._pipe.close()
            if reason := self._reason():
                raise RemoteError(reason)
        return data

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        try:
            self._pipe.sink.write(data)
            self._pipe.sink.flush()
        except (OSError, ValueError) as err:
            raise RemoteError(f"the connection was closed: {self._reason() or err}") from err

    def finish(self) -> None:
        """Say that nothing more will be sent."""
        with contextlib.suppress(OSError, ValueError):
            self._pipe.finish()

    def _reason(self) -> str:
        return next(iter(self._pipe.errors().splitlines()), "")

    def close(self) -> None:
        """End both directions."""
        self._pipe.kill()
        self._pipe.close()


class ReachingNodes(NodeBase, WithForward, WithLogin, ABC):
    """Gives ports, and what ssh, scp and sftp need."""

    def open(self, node: Node, port: int) -> ByteStream:
        """See `WithForward`."""
        return PipeStream(transport_for(self.endpoint(node)).forward(port))

    def login(self, session_id: str, node: Node) -> Login:
        """See `WithLogin`; raises `UsageError` where there is no need to log in."""
        endpoint = self.endpoint(node)
        if endpoint.host is None:
            raise UsageError(
                "the session is on this computer: there is nothing to log in to",
                hint="outrig session attach opens a shell in it",
            )
        kind, _ = chosen(endpoint.transport)
        if kind != OPENSSH:
            raise UsageError(
                f"{endpoint.label}: ssh, scp and sftp are OpenSSH's, the session uses paramiko",
                hint="use session attach, execute, get and put",
            )
        from outrig.transport.openssh import OpenSshTransport

        transport = OpenSshTransport(endpoint)
        directory = f"{self.client(node).hello.root}/s/{session_id}/work"
        return Login(options=tuple(transport.sharing()), host=endpoint.host, directory=directory)
