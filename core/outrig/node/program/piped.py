"""Programs with plain pipes in a session's work directory: bytes in, bytes out, an exit code.

Each direction has a window. Neither a program that reads nothing nor a client that reads nothing
keeps other calls on the same connection waiting.
"""

from __future__ import annotations

import os
import signal
import struct
import threading
import time

from outrig.node.program.call import Stopped
from outrig.node.program.console import HANG_UP_S, TOUCH_S, called_program
from outrig.node.program.lifetime import touch
from outrig.node.program.place import Refused, write_all
from outrig.node.program.proc import descendants, send_signal, signal_group
from outrig.node.program.runs import existing_session
from outrig.node.program.wire import DATA

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from typing import IO

    from outrig.node.program.call import Call
    from outrig.node.program.place import Root

INPUT, INPUT_END, TAKEN, SIGNAL = b"i", b"e", b"t", b"g"
"""First byte of what a client sends: input, its end, output it has taken (u32), a signal (u8)."""
OUTPUT, ERRORS = b"o", b"x"
"""First byte of what a client gets; with TAKEN: input that the program has taken (u32)."""
WINDOW = 4 << 20
"""Bytes that may be on their way, or wait at the other end, in either direction."""
PIPED_BYTES = 256 << 10
ABOUT_TO_END_S = 0.005
LOOK_AGAIN_S = 0.5


def handle_program(root: Root, call: Call) -> dict[str, object]:
    session = existing_session(root, call.text("session"))
    argv, environ = called_program(root, call, session, "-i")
    piped = Piped(call, started(argv, environ, root.work(session)))
    touch(root, session)
    touched = time.monotonic()
    try:
        while not piped.over() and not call.stopped.is_set():
            if time.monotonic() - touched > TOUCH_S:
                touched = time.monotonic()
                touch(root, session)
            if piped.ended.wait(LOOK_AGAIN_S):
                time.sleep(ABOUT_TO_END_S)  # it is about to end
    finally:
        code = piped.finish()
    touch(root, session)
    return {"code": code}


def started(argv: list[str], environ: dict[str, str], work: str) -> subprocess.Popen[bytes]:
    """Start a program with pipes at all ends, in a process group of its own."""
    import subprocess

    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            argv,
            env=environ,
            cwd=work,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            bufsize=0,
            start_new_session=True,
        )
    except OSError as error:
        raise Refused("%s: %s" % (argv[0], error.strerror), "missing") from None


class Window:
    """How much may be sent before the other end has taken some of it."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.closed = False
        self.changed = threading.Condition()

    def give(self, count: int) -> None:
        with self.changed:
            self.left += count
            self.changed.notify_all()

    def close(self) -> None:
        """Nobody takes anything any more."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def take(self, count: int) -> bool:
        """Wait for room and take it; false when it is closed."""
        with self.changed:
            while self.left <= 0 and not self.closed:
                self.changed.wait()
            self.left -= count
            return not self.closed


class Piped:
    """The node's side of one program."""

    def __init__(self, call: Call, process: subprocess.Popen[bytes]) -> None:
        self.call = call
        self.process = process
        self.window = Window(WINDOW)
        self.input: list[bytes] = []
        self.input_ended = False
        self.refused = False
        self.open_outputs = 2
        self.changed = threading.Condition()
        self.ended = threading.Event()
        self.hung_up = False
        outputs = ((OUTPUT, process.stdout), (ERRORS, process.stderr))
        self.readers = [self.thread(self.pass_on, kind, stream) for kind, stream in outputs]
        self.thread(self.feed)
        self.thread(self.take_messages)

    def thread(self, work: object, *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        thread.start()
        return thread

    def take_messages(self) -> None:
        """Act on what the client sends; nothing here waits for the program."""
        try:
            for data in self.call.receive():
                self.take_message(data[:1], data[1:])
        except (Stopped, struct.error, OSError):
            pass  # the program ended, or the client is gone or talks nonsense
        self.hung_up = True
        self.ended.set()

    def take_message(self, kind: bytes, data: bytes) -> None:
        if kind == TAKEN:
            self.window.give(struct.unpack(">I", data)[0])
        elif kind == SIGNAL:
            if self.process.poll() is None:
                signal_group(self.process.pid, struct.unpack(">B", data)[0])
        elif kind in (INPUT, INPUT_END):
            with self.changed:
                self.input_ended = self.input_ended or kind == INPUT_END
                if not self.refused:
                    self.input.append(data)
                self.changed.notify_all()

    def feed(self) -> None:
        """Pass the input on to the program."""
        source = self.process.stdin
        assert source is not None  # noqa: S101 - it was asked for
        try:
            while True:
                with self.changed:
                    while not self.input and not self.input_ended:
                        self.changed.wait()
                    waiting, self.input = self.input, []
                    over = self.input_ended
                for data in waiting:
                    write_all(source.fileno(), data)
                    self.send(TAKEN, struct.pack(">I", len(data)))
                if over:
                    break
        except (OSError, ValueError, Stopped):
            self.refuse_input()
        source.close()

    def refuse_input(self) -> None:
        """The program reads no more: whoever still sends must not wait for it."""
        with self.changed:
            self.refused = True
            self.input = []
        try:
            self.send(TAKEN, struct.pack(">I", 0xFFFFFFFF))
        except Stopped:
            pass

    def pass_on(self, kind: bytes, stream: IO[bytes]) -> None:
        """Send what the program writes, to its end."""
        try:
            while True:
                data = os.read(stream.fileno(), PIPED_BYTES)
                if not data or not self.window.take(len(data)):
                    break
                self.send(kind, data)
        except (OSError, ValueError, Stopped):
            pass
        with self.changed:
            self.open_outputs -= 1
            if not self.open_outputs:
                self.ended.set()

    def send(self, kind: bytes, data: bytes) -> None:
        if self.call.stopped.is_set():
            raise Stopped
        self.call.writer.write(DATA, self.call.request, kind + data)

    def over(self) -> bool:
        """Whether nobody will write anything any more, or nobody would read it."""
        return self.hung_up or (self.open_outputs == 0 and self.process.poll() is not None)

    def finish(self) -> int:
        """End what still runs, as a terminal that is closed does; return the exit code."""
        self.window.close()
        with self.changed:
            self.input_ended = True
            self.changed.notify_all()
        deadline = time.monotonic() + HANG_UP_S
        signalled = False
        while self.process.poll() is None:
            if not signalled:
                signal_group(self.process.pid, signal.SIGHUP)
                signalled = True
            if time.monotonic() > deadline:
                for one in [*descendants(self.process.pid), self.process.pid]:
                    send_signal(one, signal.SIGKILL)
            time.sleep(0.005)
        for stream, reader in zip((self.process.stdout, self.process.stderr), self.readers):
            reader.join(ABOUT_TO_END_S)
            if stream is not None and not reader.is_alive():
                stream.close()
        code = self.process.returncode
        return code if code >= 0 else 128 - code
