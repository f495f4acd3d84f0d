"""The node program as a process on this computer."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, cast

from outrig.errors import RemoteError
from outrig.transport.base import Pipe, Transport

if TYPE_CHECKING:
    from typing import BinaryIO

PIPE_BYTES = 1 << 20
ERROR_LINES = 20
GONE_S = 6.0


class ProcessPipe(Pipe):
    """A pipe to a child process, whose standard error is read along."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._lines: deque[bytes] = deque(maxlen=ERROR_LINES)
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()

    @property
    def source(self) -> BinaryIO:
        return cast("BinaryIO", self._process.stdout)

    @property
    def sink(self) -> BinaryIO:
        return cast("BinaryIO", self._process.stdin)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def errors(self) -> str:
        if self._process.poll() is not None:
            self._reader.join(1.0)
        return b"".join(self._lines).decode("utf-8", "replace").strip()

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sink.close()
        try:
            self._process.wait(GONE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        self._reader.join(1.0)
        if self._process.stderr is not None and not self._reader.is_alive():
            self._process.stderr.close()

    def _read_errors(self) -> None:
        stream = cast("BinaryIO", self._process.stderr)
        with contextlib.suppress(ValueError, OSError):
            while line := stream.readline(4096):
                self._lines.append(line)


def start_process(argv: list[str], name: str) -> ProcessPipe:
    """Start a program with pipes at all ends; raises `RemoteError`."""
    return ProcessPipe(spawned(argv, name))


def spawned(argv: list[str], name: str) -> subprocess.Popen[bytes]:
    """Start a program with pipes at all ends, apart from our terminal; raises `RemoteError`."""
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the client to act on
        )
    except OSError as error:
        raise RemoteError(f"{name}: cannot start {argv[0]}: {error.strerror}") from error
    for stream in (process.stdin, process.stdout):
        if stream is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
            with contextlib.suppress(OSError):
                fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return process


class SocketPipe(Pipe):
    """A pipe to a port on this computer."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._source = connection.makefile("rb")
        self._sink = connection.makefile("wb")

    @property
    def source(self) -> BinaryIO:
        return self._source

    @property
    def sink(self) -> BinaryIO:
        return self._sink

    def finish(self) -> None:
        """See `Pipe.finish`: closing the file alone leaves the socket open."""
        self._sink.flush()
        self._connection.shutdown(socket.SHUT_WR)

    def errors(self) -> str:
        return ""

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.kill()
        for one in (self._sink, self._source, self._connection):
            with contextlib.suppress(OSError):
                one.close()


class LocalTransport(Transport):
    """Starts the node program with this computer's Python."""

    compresses = False

    def __init__(self, python: str | None = None) -> None:
        self._python = python or sys.executable or "python3"

    @property
    def name(self) -> str:
        return "this computer"

    def open(self, arguments: tuple[str, ...]) -> ProcessPipe:
        return start_process([self._python, *arguments], self.name)

    def forward(self, port: int) -> SocketPipe:
        try:
            return SocketPipe(socket.create_connection(("localhost", port)))
        except OSError as error:
            raise RemoteError(f"{self.name}: port {port}: {error.strerror or error}") from error
