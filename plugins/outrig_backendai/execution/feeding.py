"""What reaches the standard input of a program in a session.

Its input is a FIFO beside the session's work directory. A small program on the node, on a console
of ours, holds the FIFO open and passes on what we send; when we are gone, however that happened,
the console hangs up, the program on it ends, and the session's program sees the end of its input.
"""

from __future__ import annotations

import os
import secrets
import select
import struct
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from outrig.api import ConsoleRequest
from outrig.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.api import Console, Outrig, Session

_READY = b"ready"
_TAKEN = b"."
_PART_BYTES = 32 * 1024
_AHEAD = 4
"""So many parts are sent before the first was taken. A node's connection must never stand still."""
_LENGTH = struct.Struct(">I")
_ALL_SENT, _QUIT = 0, 0xFFFFFFFF
_PASS_ON = f"""
import os, select, struct, sys, tty
path = sys.argv[1]
tty.setraw(0)
os.mkfifo(path, 0o600)
hold = os.open(path, os.O_RDWR | os.O_NONBLOCK)
os.write(1, {_READY!r})
got, parts, ended = b"", [], False
while not ended or parts or os.path.exists(path):
    idle_s = 0.02 if ended and not parts else None
    typed, room, _ = select.select([0], [hold] if parts else [], [], idle_s)
    if typed:
        data = os.read(0, 65536)
        if not data:
            break
        got += data
    while len(got) >= 4:
        length, = struct.unpack(">I", got[:4])
        if length == {_QUIT}:
            sys.exit()
        if len(got) < 4 + length:
            break
        if length:
            parts.append(got[4:4 + length])
        else:
            ended = True
        got = got[4 + length:]
    if room:
        parts[0] = parts[0][os.write(hold, parts[0]):]
        if not parts[0]:
            del parts[0]
            os.write(1, {_TAKEN!r})
"""
"""Ends when all was passed on and the FIFO's name is gone, as its reader removes it.

Holding the FIFO for reading too keeps opening and writing from failing before there is a reader.
"""
_INTERPRETER = 'exec "$(command -v python3 || command -v python)" -IS -c "$0" "$1"'


def take_input(path: str, script: str) -> str:
    """Return shell text that runs a script with a `Feed`'s FIFO as its standard input.

    Opening it for both first cannot block, and leaves an input at its end if nobody holds it.
    """
    return f"exec 9<>{path} 0<{path} 9>&-\nrm -f {path}\n{script}"


class Feed:
    """The way to the standard input of one run that is going to be started."""

    def __init__(self, outrig: Outrig, session: Session) -> None:
        self.path = f"../in-{secrets.token_hex(8)}"
        self._outrig, self._session = outrig, session
        self._console: Console | None = None
        self._failure: Exception | None = None
        self._ready, self._over = threading.Event(), threading.Event()
        self._may_send = threading.Semaphore(_AHEAD)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        """Open the console and hear what its program says, to its end."""
        try:
            self._console = self._outrig.console(
                self._session,
                ConsoleRequest(
                    session_id=self._session.id,
                    node=self._session.nodes[0],
                    argv=("sh", "-c", _INTERPRETER, _PASS_ON, self.path),
                ),
            )
            self._hear(self._console)
        except Exception as err:  # raised to who waits in `ready`
            self._failure = err
        finally:
            self._over.set()
            self._ready.set()
            self._may_send.release()

    def _hear(self, console: Console) -> None:
        heard = b""
        while not heard.endswith(_READY) and (part := console.read()):
            heard += part
        if not heard.endswith(_READY):
            reason = heard.decode("utf-8", "replace").strip()[-200:]
            raise RemoteError(
                f"the session takes no standard input: {reason or 'its node has no Python'}",
                hint="give the program none: </dev/null",
            )
        self._ready.set()
        while part := console.read():
            self._may_send.release(part.count(_TAKEN) or 1)

    def ready(self) -> None:
        """Wait until a program may open it; raises what keeps that from happening."""
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def send(self, data: bytes) -> None:
        """Pass data on as fast as it is read; raises `RemoteError` when nobody will any more."""
        for start in range(0, len(data), _PART_BYTES):
            self._may_send.acquire()
            if self._console is None or self._over.is_set():
                raise RemoteError("the program takes no more input")
            part = data[start : start + _PART_BYTES]
            self._console.write(_LENGTH.pack(len(part)) + part)

    def finish(self) -> None:
        """Say that this was all."""
        if self._console is not None and not self._over.is_set():
            self._console.write(_LENGTH.pack(_ALL_SENT))

    def close(self) -> None:
        """Hang up."""
        self._ready.wait()
        with suppress(RemoteError):
            if self._console is not None and not self._over.is_set():
                self._console.write(_LENGTH.pack(_QUIT))
            self._thread.join()
            if self._console is not None:
                self._console.close()


class Keyboard:
    """Feeds what arrives at a descriptor of ours, in a thread, until it ends or this is left.

    `sent` is called with what was read, before it is passed on.
    """

    def __init__(self, feed: Feed, descriptor: int, sent: Callable[[bytes], None]) -> None:
        self._feed, self._descriptor, self._sent = feed, descriptor, sent
        self._stop, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._pass_on, daemon=True)

    def start(self) -> None:
        """Begin, as there is a program that will read."""
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._wake)
        self._feed.close()  # wakes a thread that waits for the program to read
        if self._thread.ident is not None:
            self._thread.join()
        os.close(self._stop)

    def _pass_on(self) -> None:
        with suppress(RemoteError, OSError):
            while True:
                ready, _, _ = select.select([self._descriptor, self._stop], [], [])
                if self._stop in ready:
                    return
                data = os.read(self._descriptor, _PART_BYTES)
                self._sent(data)
                if not data:
                    self._feed.finish()
                    return
                self._feed.send(data)


def has_input(descriptor: int) -> bool:
    """Tell whether anything may come from a descriptor: not from none, nor from `/dev/null`.

    Nor from a terminal that others have in the foreground: reading would stop us.
    """
    try:
        found = os.fstat(descriptor)
        if found.st_rdev == Path(os.devnull).stat().st_rdev:
            return False
        if not os.isatty(descriptor):
            return True
    except OSError:
        return False
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # it is not ours, and will not stop us
        return True
