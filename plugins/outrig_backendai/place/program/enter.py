"""Running text inside, by whichever means the session has."""

from __future__ import annotations

import os
import re
import resource
import signal

from outrig_backendai.place.program.groups import join_groups
from outrig_backendai.place.program.record import HOME, say
from outrig_backendai.place.program.room import Room
from outrig_backendai.place.program.system import Kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig_backendai.place.program.record import Inside
    from outrig_backendai.place.program.worker import Worker

PASSED_ON = (
    "TERM",
    "COLORTERM",
    "LANG",
    "TZ",
    "OUTRIG_SESSION",
    "OUTRIG_RUN",
    "CUDA_VISIBLE_DEVICES",
    "PYTHONUNBUFFERED",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
)
PASSED_PREFIXES = ("LC_", "PIP_", "UV_", "SSL_CERT_")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
"""Of the node's variables, those that programs inside need; the others are not theirs to know."""
STAYS_FOR = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
HOME_PATH = re.compile(re.escape(HOME) + r"(?![\w.-])")


def inner_environ(inside: Inside, home: str) -> dict[str, str]:
    """Return the variables that programs inside start with."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if name in PASSED_ON or name.startswith(PASSED_PREFIXES) or name.lower() in PROXIES
    }
    environ.update(
        HOME=home,
        USER="work",
        LOGNAME="work",
        SHELL=shell(),
        PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    )
    environ.setdefault("LANG", "C.UTF-8")
    if inside.interpreter:
        environ["VIRTUAL_ENV"] = home + "/.venv"
        environ["PATH"] = "%s/.venv/bin:%s" % (home, environ["PATH"])
    environ["PATH"] = "%s/.local/bin:%s" % (home, environ["PATH"])
    if inside.devices:
        environ["CUDA_VISIBLE_DEVICES"] = ",".join(inside.devices)
    environ.update(inside.environ)
    if home != HOME:
        environ = {name: mapped(value, home) for name, value in environ.items()}
    return environ


def shell() -> str:
    return "/bin/bash" if os.access("/bin/bash", os.X_OK) else "/bin/sh"


def mapped(text: str, home: str) -> str:
    """Write the session's own directory for `/home/work`, where that path is not there."""
    return HOME_PATH.sub(lambda _: home, text)


def run_in_room(inside: Inside, worker: Worker, script: str) -> int:
    """Run a script in the session's room; returns how it ended as `waitpid` tells it."""
    kernel = Kernel()
    room = Room(inside, worker, kernel)
    holder = room.holder()
    environ = inner_environ(inside, HOME)
    join_groups(holder)
    if not holder or not room.join(holder):
        return run_in_own_room(room, environ, script)
    return follow(lambda: become_script(worker, kernel, environ, HOME, script))


def run_in_own_room(room: Room, environ: dict[str, str], script: str) -> int:
    """Run a script in a room that is gone when it ends."""
    said, say = os.pipe()

    def first() -> None:
        status = follow(
            lambda: become_script(room.worker, room.kernel, environ, HOME, script), reaps_all=True
        )
        os.write(say, b"%d" % status)

    room.open(first)
    os.close(say)
    ignore_signals()
    with os.fdopen(said, "rb") as source:
        told = source.read()
    return int(told) if told else int(signal.SIGKILL)


def run_openly(inside: Inside, worker: Worker, script: str) -> int:
    """Run a script in the session's directory as it is on the node, as the worker."""
    environ = inner_environ(inside, inside.home)
    text = mapped(script, inside.home)
    return follow(lambda: become_script(worker, None, environ, inside.home, text))


def become_script(
    worker: Worker, kernel: Kernel | None, environ: dict[str, str], home: str, script: str
) -> None:
    """Turn this process into the shell that runs a script."""
    worker.become()
    if kernel is not None:
        kernel.never_more()
        kernel.die_with_parent()
    os.umask(0o022)
    os.chdir(home)
    for number in (*STAYS_FOR, signal.SIGPIPE, signal.SIGTSTP, signal.SIGTTOU):
        signal.signal(number, signal.SIG_DFL)
    program = environ["SHELL"]
    os.execve(program, [program, "-c", script], environ)


def ignore_signals(numbers: Sequence[signal.Signals] = STAYS_FOR) -> None:
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)


def follow(
    action: Callable[[], None],
    reaps_all: bool = False,
    ignores: Sequence[signal.Signals] = STAYS_FOR,
) -> int:
    """Do something that becomes a program, in a process forked for it, and wait for its end."""
    pid = os.fork()
    if pid == 0:
        try:
            action()
        except OSError as error:
            say("backend.ai: %s: %s" % (error.filename, error.strerror))
        finally:
            os._exit(127)
    ignore_signals(ignores)
    while True:
        ended, status = os.waitpid(-1 if reaps_all else pid, 0)
        if ended == pid:
            return status


def end_like(status: int) -> None:
    """End this process as another one did."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))
