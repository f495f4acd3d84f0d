"""Consoles: an interactive program on a terminal in a session's work directory."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import threading
import time

from outrig.node.program.batch import texts
from outrig.node.program.call import Stopped
from outrig.node.program.environment import (
    environment_container,
    environment_variables,
    optional_text,
)
from outrig.node.program.lifetime import touch
from outrig.node.program.place import find_program, write_all
from outrig.node.program.proc import default_signals, descendants, send_signal
from outrig.node.program.runs import base_environ, existing_session
from outrig.node.program.wire import DATA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.node.program.call import Call
    from outrig.node.program.place import Root

HANG_UP_S = 2.0
TOUCH_S = 10.0
KEYS, RESIZE = b"k", b"s"
"""First byte of what a client sends: keys that were typed, or a new size (columns, rows)."""


def handle_console(root: Root, call: Call) -> dict[str, object]:
    session = existing_session(root, call.text("session"))
    argv, environ = called_program(root, call, session, "-it")
    pid, master = pty.fork()
    if pid == 0:
        become_console(argv, environ, root.work(session), call)
    terminal = Terminal(call, pid, master)
    threading.Thread(target=terminal.take_input, daemon=True).start()
    code = terminal.follow(lambda: touch(root, session))
    touch(root, session)
    return {"code": code}


def called_program(
    root: Root, call: Call, session: str, how: str
) -> tuple[list[str], dict[str, str]]:
    """Return the words and variables of what a call is to start; `how` is for an engine's `run`."""
    digest, given = optional_text(call.fields.get("env")), texts(call.fields.get("variables"))
    environ = base_environ(session, dict(environment_variables(root, digest), **given))
    environ.setdefault("TERM", "xterm-256color")
    argv = call.texts("argv")
    container = environment_container(root, digest, "console-" + os.urandom(6).hex())
    if container:
        names = [*given, "TERM", "OUTRIG_SESSION"]
        words = container.words(root.work(session), root.work(session), names, ["--rm", how])
        first, *rest = argv or ["sh"]
        argv = [*words, first, container.image, *rest]
    return argv or login_shell(environ), environ


def login_shell(environ: dict[str, str]) -> list[str]:
    """Return the user's own shell, as an interactive one."""
    own = environ.get("SHELL", "")
    found = own if os.access(own, os.X_OK) else None
    return [found or find_program("bash") or find_program("ash") or "/bin/sh", "-i"]


def become_console(argv: list[str], environ: dict[str, str], work: str, call: Call) -> None:
    """Turn this forked process into the program; never returns."""
    try:
        set_size(0, int(call.number("columns", 80)), int(call.number("rows", 24)))
        os.chdir(work)
        default_signals()
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTSTP):
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(argv[0], argv, environ)
    except OSError as error:
        os.write(2, ("%s: %s\r\n" % (argv[0], error.strerror)).encode("utf-8", "replace"))
    finally:
        os._exit(127)


def set_size(fd: int, columns: int, rows: int) -> None:
    """Tell a terminal its size; whoever runs on it gets SIGWINCH."""
    size = struct.pack("HHHH", max(1, rows) & 0xFFFF, max(1, columns) & 0xFFFF, 0, 0)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, size)


class Terminal:
    """The node's side of one console."""

    def __init__(self, call: Call, pid: int, master: int) -> None:
        self.call = call
        self.pid = pid
        self.master = master
        self.hung_up = False

    def take_input(self) -> None:
        """Pass on what the client sends, until it sends no more."""
        try:
            for data in self.call.receive():
                if data[:1] == KEYS:
                    write_all(self.master, data[1:])
                elif data[:1] == RESIZE and len(data) == 5:
                    set_size(self.master, *struct.unpack(">HH", data[1:]))
        except (Stopped, OSError, struct.error):
            pass  # the program ended, or the client is gone: `follow` sees to it
        self.hung_up = True

    def follow(self, on_activity: Callable[[], None]) -> int:
        """Pass output on until the program ends; return its exit code."""
        touched = time.monotonic()
        while True:
            ready, _, _ = select.select([self.master], [], [], 0.2)
            if ready:
                try:
                    data = os.read(self.master, 1 << 16)
                except OSError:  # EIO: nobody has the terminal open any more
                    data = b""
                if not data:
                    break
                if not self.hung_up:
                    self.call.writer.write(DATA, self.call.request, data)
            if self.hung_up or self.call.stopped.is_set():
                break
            if time.monotonic() - touched > TOUCH_S:
                touched = time.monotonic()
                on_activity()
            if not ready and self.ended():
                break
        return self.finish()

    def ended(self) -> bool:
        info = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return info is not None

    def finish(self) -> int:
        """Hang up, end what does not heed it, and return the program's exit code."""
        os.close(self.master)
        deadline = time.monotonic() + HANG_UP_S
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return (
                    128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
                )
            if time.monotonic() > deadline:
                for one in [*descendants(self.pid), self.pid]:
                    send_signal(one, signal.SIGKILL)
            time.sleep(0.005)
