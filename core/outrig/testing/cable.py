"""A cable to a port in another network namespace, which can be cut and mended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import socket
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 256 << 10
_NEW_NET = 0x40000000


class Cable:
    """Passes on what comes to a port of its own on 127.0.0.1, in a thread of its own.

    `pid` is a process in the network namespace where `target` is a port; `None` means ours. While
    it is cut nothing goes through, and nobody is told. `carried` counts the bytes, both ways.
    `delay_s` is how many seconds everything takes on its way, in each direction.
    """

    def __init__(self, pid: int | None, target: int) -> None:
        self._pid = pid
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._listeners = [self._listener]
        self.carried = 0
        self.delay_s = 0.0
        self._held: deque[tuple[float, socket.socket, bytes]] = deque()
        self._ended: set[socket.socket] = set()
        self._ends: dict[socket.socket, socket.socket] = {}
        self._whole = threading.Event()
        self._whole.set()
        self._over = False
        self._wanted: list[str] = []
        self._bell, self._ear = socket.socketpair()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def also_at(self, address: str) -> int:
        """Listen at another address of ours, IPv6 too; returns the port there."""
        found = socket.create_server((address, 0), family=socket.AF_INET6)
        self._listeners.append(found)
        self._ring()
        return int(found.getsockname()[1])

    def also_in(self, pid: int, port: int) -> None:
        """Listen at a port of 127.0.0.1 in the network namespace of another process, too."""
        with _inside(pid):
            found = socket.create_server(("127.0.0.1", port))
        self._listeners.append(found)
        self._ring()

    def cut(self) -> None:
        """Let nothing through from now on; connections stay as they are."""
        self._whole.clear()
        self._ring()

    def mend(self) -> None:
        """Let everything through again, what was held back first."""
        self._whole.set()
        self._ring()

    def drop(self) -> None:
        """End all connections that go through it."""
        with self._lock:
            for one in self._ends:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        self.mend()

    def lead_to(self, pid: int | None) -> None:
        """Lead to another machine from now on."""
        self._pid = pid

    def close(self) -> None:
        """End it, and all connections."""
        self._over = True
        self._ring()
        self._thread.join()
        for one in (*self._ends, *self._listeners, self._bell, self._ear):
            one.close()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    def _pass_on(self) -> None:
        while not self._over:
            with selectors.DefaultSelector() as chosen:
                chosen.register(self._ear, selectors.EVENT_READ)
                if self._whole.is_set():
                    for one in (*self._listeners, *(self._ends.keys() - self._ended)):
                        chosen.register(one, selectors.EVENT_READ)
                self._turn(chosen)

    def _turn(self, chosen: selectors.BaseSelector) -> None:
        wait_s = None
        if self._held and self._whole.is_set():
            wait_s = max(0.0, self._held[0][0] - time.monotonic())
        for key, _ in chosen.select(wait_s):
            found = key.fileobj
            if found is self._ear:
                self._ear.recv(64)
            elif isinstance(found, socket.socket) and found in self._listeners:
                self._take(found)
            elif isinstance(found, socket.socket) and found in self._ends:
                self._carry(found)
        if self._whole.is_set():
            self._let_go()

    def _let_go(self) -> None:
        """Pass on what was on its way for long enough."""
        while self._held and self._held[0][0] <= time.monotonic():
            _, source, data = self._held.popleft()
            if source in self._ends:
                self._pass(source, data)

    def _take(self, listener: socket.socket) -> None:
        near, _ = listener.accept()
        try:
            far = self._dial()
        except OSError:
            near.close()
            return
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._ends |= {near: far, far: near}

    def _dial(self) -> socket.socket:
        if self._pid is None:
            return socket.create_connection(("127.0.0.1", self._target), 5)
        with _inside(self._pid):
            return socket.create_connection(("127.0.0.1", self._target), 5)

    def _carry(self, source: socket.socket) -> None:
        try:
            data = source.recv(PIECE)
        except OSError:
            data = b""
        self.carried += len(data)
        if self.delay_s or self._held:
            if not data:
                self._ended.add(source)
            self._held.append((time.monotonic() + self.delay_s, source, data))
        else:
            self._pass(source, data)

    def _pass(self, source: socket.socket, data: bytes) -> None:
        """Give data to the other end; none means that the connection is over."""
        other = self._ends[source]
        with contextlib.suppress(OSError):
            if data:
                other.sendall(data)
                return
        with self._lock:
            for one in (source, other):
                self._ends.pop(one, None)
                self._ended.discard(one)
                one.close()


@contextlib.contextmanager
def _inside(pid: int) -> Iterator[None]:
    """Let this thread be in the network namespace of a process meanwhile."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = -1
    try:
        there = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        _enter(there)
        yield
    finally:
        _enter(home)
        os.close(home)
        if there >= 0:
            os.close(there)


def _enter(namespace: int) -> None:
    """Move this thread to a network namespace."""
    if ctypes.CDLL(None, use_errno=True).setns(namespace, _NEW_NET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
