"""A port of this computer that leads to a port on a node."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

from outrig.access import WithForward
from outrig.errors import OutrigError, PluginError, UsageError
from outrig.interfaces import WithAutostop
from outrig.session.find import require_running

if TYPE_CHECKING:
    from outrig.model.console import ByteStream
    from outrig.model.node import Node
    from outrig.model.session import Session
    from outrig.session.runtime import Runtime

HERE = "127.0.0.1"
_PIECE = 256 << 10
_LOOK_S = 0.2
_BACKLOG = 128
_IN_USE_S = 5.0
_DRAIN_S = 1.0


def open_port(runtime: Runtime, session: Session, node: Node, port: int) -> ByteStream:
    """Connect to a port of a session's node; raises `RemoteError`, `PluginError`."""
    provider = runtime.provider(session)
    if not isinstance(provider, WithForward):
        raise PluginError(f'provider "{session.provider}" cannot reach ports of its nodes')
    require_running(session)
    return provider.open(node, port)


def tell_in_use(runtime: Runtime, session: Session, node: Node) -> None:
    """Tell a node that somebody uses the session: its idle time begins anew."""
    provider = runtime.provider(session)
    if isinstance(provider, WithAutostop):
        provider.in_use(session.id, node)


def _why(err: OSError) -> str:
    """Return the system's own words, without the address that Python may have put behind them."""
    if isinstance(err, socket.gaierror) or err.errno is None:
        return err.strerror or str(err)
    return os.strerror(err.errno)


class Forward:
    """Takes connections at a port of this computer and leads each to the node.

    What connects where nobody listens gets `refusal` for an answer, and then its end. While there
    are connections the session is in use.
    """

    def __init__(
        self,
        runtime: Runtime,
        session: Session,
        node: Node,
        ports: tuple[int, int],
        *,
        host: str = HERE,
        refusal: bytes = b"",
    ) -> None:
        if not isinstance(runtime.provider(session), WithForward):
            raise PluginError(f'provider "{session.provider}" cannot reach ports of its nodes')
        require_running(session)
        self._runtime, self._session, self._node = runtime, session, node
        self._refusal = refusal
        self._open = 0
        self._used_at = 0.0
        here, self._there = ports
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._listener = socket.create_server((host, here), family=family, backlog=_BACKLOG)
        except OSError as err:
            where = "this computer" if host == HERE else host
            raise UsageError(
                f"port {here} of {where} cannot be taken: {_why(err)}",
                hint=f"choose another: {here + 1}:{self._there}, or 0:{self._there} for a free one",
            ) from err

    @property
    def port(self) -> int:
        """The port on this computer."""
        return int(self._listener.getsockname()[1])

    def serve(self) -> None:
        """Lead connections to the node until the user asks to stop (`Interrupted`)."""
        self._listener.settimeout(_LOOK_S)
        with self._listener:
            while True:
                self._runtime.cancel.check()
                with contextlib.suppress(TimeoutError):
                    connection, _ = self._listener.accept()
                    connection.settimeout(None)
                    self._open += 1
                    threading.Thread(target=self._lead, args=(connection,), daemon=True).start()
                self._tell_in_use()

    def _tell_in_use(self) -> None:
        now = time.monotonic()
        if self._open and now - self._used_at > _IN_USE_S:
            self._used_at = now
            threading.Thread(target=self._told, daemon=True).start()

    def _told(self) -> None:
        with contextlib.suppress(OutrigError):  # the connections themselves say what is wrong
            tell_in_use(self._runtime, self._session, self._node)

    def _lead(self, connection: socket.socket) -> None:
        try:
            with connection:
                self._lead_on(connection)
        finally:
            self._open -= 1

    def _lead_on(self, connection: socket.socket) -> None:
        try:
            stream = open_port(self._runtime, self._session, self._node, self._there)
        except OutrigError as err:
            self._refuse(connection, err)
            return
        back = threading.Thread(target=self._bring_back, args=(stream, connection), daemon=True)
        back.start()
        with contextlib.suppress(OSError, OutrigError):  # the way back says why it ended
            while data := connection.recv(_PIECE):
                stream.write(data)
            stream.finish()
        back.join()
        stream.close()

    def _bring_back(self, stream: ByteStream, connection: socket.socket) -> None:
        came = False
        try:
            while data := stream.read(_PIECE):
                came = True
                connection.sendall(data)
        except OutrigError as err:
            self._refuse(connection, err, answered=came)
        except OSError:
            pass  # whoever connected is gone
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def _refuse(
        self, connection: socket.socket, err: OutrigError, *, answered: bool = False
    ) -> None:
        self._runtime.observer.notice(f"port {self._there}: {err}")
        with contextlib.suppress(OSError):
            if not answered:
                connection.sendall(self._refusal)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(_DRAIN_S)
            connection.recv(_PIECE)  # unread input would turn our answer into a reset
