"""A port of this computer that leads to a port on a node."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from typing import TYPE_CHECKING

from outrig.errors import OutrigError, PluginError, UsageError
from outrig.interfaces import WithForward
from outrig.session.find import require_running

if TYPE_CHECKING:
    from outrig.model.console import ByteStream
    from outrig.model.node import Node
    from outrig.model.session import Session
    from outrig.session.runtime import Runtime

HERE = "127.0.0.1"
_PIECE = 64 << 10
_LOOK_S = 0.2
_BACKLOG = 128


class Forward:
    """Takes connections at a port of this computer and leads each to the node."""

    def __init__(self, runtime: Runtime, session: Session, node: Node, ports: tuple[int, int]):
        provider = runtime.provider(session)
        if not isinstance(provider, WithForward):
            raise PluginError(f'provider "{session.provider}" cannot reach ports of its nodes')
        require_running(session)
        self._runtime, self._provider, self._node = runtime, provider, node
        here, self._there = ports
        try:
            self._listener = socket.create_server((HERE, here), backlog=_BACKLOG)
        except OSError as err:
            raise UsageError(
                f"port {here} of this computer cannot be taken: {os.strerror(err.errno or 0)}",
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
                    threading.Thread(target=self._lead, args=(connection,), daemon=True).start()

    def _lead(self, connection: socket.socket) -> None:
        with connection:
            try:
                stream = self._provider.open(self._node, self._there)
            except OutrigError as err:
                self._runtime.observer.notice(str(err))
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
        try:
            while data := stream.read(_PIECE):
                connection.sendall(data)
        except OutrigError as err:
            self._runtime.observer.notice(f"port {self._there}: {err}")
        except OSError:
            pass  # whoever connected is gone
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
