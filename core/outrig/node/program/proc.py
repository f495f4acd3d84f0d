"""Processes: who they are, who descends from whom, and how a whole tree is ended."""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

KEPT: list[Callable[..., int] | None] = []
"""The library function, found once: every shim is a fork of the keeper."""

BOOT: list[str] = []
IN_ATTRIB = 4
"""What inotify tells when a file that is still open loses its name."""

PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 1, 15, 36


def prctl(option: int, argument: int | bytes) -> bool:
    """Call prctl(2); false where there is none (macOS, a Python without ctypes)."""
    if not KEPT:
        KEPT.append(find_prctl())
    call = KEPT[0]
    return call is not None and call(option, argument, 0, 0, 0) == 0


def find_prctl() -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        import ctypes

        found: Callable[..., int] = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return None
    return found


def watch_removal(path: str) -> int:
    """Return a descriptor that gets readable when a file is removed; -1 where there is none."""
    if not sys.platform.startswith("linux"):
        return -1
    try:
        import ctypes

        library = ctypes.CDLL(None)
        fd: int = library.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if fd >= 0:
            library.inotify_add_watch(fd, os.fsencode(path), IN_ATTRIB)
    except (ImportError, OSError, AttributeError):
        return -1
    return fd


def read_ready(fd: int) -> bytes:
    """Return what a descriptor that does not block has to say now."""
    try:
        return os.read(fd, 4096)
    except BlockingIOError:
        return b""


def become_subreaper(on: bool = True) -> bool:
    """Make orphaned descendants children of this process, or stop doing so."""
    return prctl(PR_SET_CHILD_SUBREAPER, int(on))


def boot_id() -> str:
    """Return what changes with every start of the machine, empty where that is not known."""
    if not BOOT:
        try:
            with open("/proc/sys/kernel/random/boot_id") as source:
                BOOT.append(source.read().strip())
        except OSError:
            BOOT.append("")
    return BOOT[0]


def stat_fields(pid: int) -> list[str] | None:
    """Return the fields of /proc/<pid>/stat after the name; the first is the state."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as source:
            text = source.read().decode("latin-1")
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()


def start_time(pid: int) -> int:
    """Return when a process started, in ticks since boot; 0 when it is not known."""
    fields = stat_fields(pid)
    return int(fields[19]) if fields else 0


def parent(pid: int) -> int:
    """Return a process's parent; 0 when it is not known."""
    fields = stat_fields(pid)
    return int(fields[1]) if fields else 0


def processes() -> list[int]:
    """Return every process id there is; none where there is no /proc."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def descendants(ancestor: int) -> list[int]:
    """Return the living processes below `ancestor`, not itself."""
    children: dict[int, list[int]] = {}
    for pid in processes():
        fields = stat_fields(pid)
        if fields and fields[0] not in "ZX":
            children.setdefault(int(fields[1]), []).append(pid)
    found, todo = [], [ancestor]
    while todo:
        for pid in children.get(todo.pop(), ()):
            found.append(pid)
            todo.append(pid)
    return found


def marked(mark: bytes, among: list[int]) -> list[int]:
    """Return those processes whose environment has the variable `mark` (`NAME=value`)."""
    found = []
    for pid in among:
        try:
            with open("/proc/%d/environ" % pid, "rb") as source:
                variables = source.read().split(b"\0")
        except OSError:
            continue
        if mark in variables:
            found.append(pid)
    return found


def send_signal(pid: int, number: int) -> None:
    """Signal a process; one that is gone or not ours is fine."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def signal_group(leader: int, number: int) -> None:
    """Signal a process group; one that is gone is fine."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        pass


def signal_tree(ancestor: int, number: int, main: int = 0) -> None:
    """Signal everything below `ancestor`; without /proc at least the group of `main`."""
    found = descendants(ancestor)
    for pid in found:
        send_signal(pid, number)
    if not found and main:
        signal_group(main, number)


def default_signals() -> None:
    """Give back what Python changed, before another program takes this process over."""
    for number in (signal.SIGPIPE, getattr(signal, "SIGXFSZ", signal.SIGPIPE)):
        signal.signal(number, signal.SIG_DFL)


def close_all_but(keep: tuple[int, ...]) -> None:
    """Close every descriptor of this process except `keep`."""
    try:
        numbers = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        numbers = list(range(1024))
    for number in numbers:
        if number not in keep:
            try:
                os.close(number)
            except OSError:
                pass


class Alarm:
    """Wakes a `select` when a signal comes: `fd` becomes readable."""

    def __init__(self, numbers: tuple[int, ...]) -> None:
        self.fd, self.write_fd = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self.write_fd, False)
        for number in numbers:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self.write_fd, warn_on_full_buffer=False)

    def drain(self) -> bytes:
        """Return the numbers of the signals that came."""
        return read_ready(self.fd)

    def close(self) -> None:
        """Stop it, in a process that was forked with it."""
        signal.set_wakeup_fd(-1)
        os.close(self.fd)
        os.close(self.write_fd)
