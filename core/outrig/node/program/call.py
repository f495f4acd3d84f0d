"""One call of a client, as its handler sees it."""

from __future__ import annotations

import fcntl
import json
import os
import queue
import threading
import time

from outrig.node.program.place import Refused
from outrig.node.program.record import number
from outrig.node.program.wire import DATA, FrameWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

QUEUED_FRAMES = 8


class Stopped(Exception):  # noqa: N818 - it is an event
    """The client is gone, or does not want the answer any more."""


class Call:
    """The arguments of a call, and the data that goes with it in both directions."""

    def __init__(self, request: int, fields: dict[str, object], writer: FrameWriter) -> None:
        self.request = request
        self.fields = fields
        self.writer = writer
        self.stopped = threading.Event()
        self.data: queue.Queue[bytes | None] = queue.Queue(QUEUED_FRAMES)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text argument; raises `Refused` when it is none."""
        value = self.fields.get(name, default)
        if not isinstance(value, str):
            raise Refused("%s is missing" % name, "usage")
        return value

    def number(self, name: str, default: float = 0) -> float:
        """Return a number argument."""
        value = number(self.fields.get(name))
        return default if value is None else value

    def objects(self, name: str) -> list[dict[str, object]]:
        """Return an argument that is a list of objects."""
        value = self.fields.get(name)
        return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

    def texts(self, name: str) -> list[str]:
        """Return an argument that is a list of texts."""
        value = self.fields.get(name)
        return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []

    def send(self, data: bytes | memoryview) -> None:
        """Send data to the client; raises `Stopped` when it is gone."""
        self.check()
        try:
            self.writer.write(DATA, self.request, data)
        except (OSError, ValueError):
            raise Stopped from None

    def send_fields(self, fields: dict[str, object]) -> None:
        """Send an object as data."""
        self.send(json.dumps(fields, separators=(",", ":")).encode("ascii"))

    def receive(self) -> Iterator[bytes]:
        """Yield the data that the client sends, to its end; raises `Stopped`."""
        while True:
            try:
                data = self.data.get(timeout=0.5)
            except queue.Empty:
                self.check()
                continue
            if data is None:
                return
            yield data

    def put(self, data: bytes | None) -> None:
        """Hand data to the handler; waits while it has not taken what came before."""
        while not self.stopped.is_set():
            try:
                self.data.put(data, timeout=0.5)
            except queue.Full:
                continue
            return

    def check(self) -> None:
        """Raise `Stopped` if nobody waits for the answer."""
        if self.stopped.is_set():
            raise Stopped


class SessionLock:
    """Keeps other calls, of any client, from changing the same thing at the same time."""

    def __init__(self, path: str, call: Call) -> None:
        self.path = path
        self.call = call

    def __enter__(self) -> SessionLock:
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        wait = 0.001
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if self.call.stopped.wait(wait):
                    os.close(self.fd)
                    raise Stopped from None
                wait = min(0.1, wait * 2)
            else:
                return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def moments(timeout_s: float) -> Iterator[None]:
    """Yield at growing distances, from 1 to 20 ms, until the time is over."""
    deadline, wait = time.monotonic() + timeout_s, 0.001
    while True:
        yield
        left = deadline - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(wait, left))
        wait = min(0.02, wait * 1.2)
