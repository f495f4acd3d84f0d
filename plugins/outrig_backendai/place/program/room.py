"""A room: the namespaces of one session, held by a process of their own, joined by all runs.

The process that holds them is the first of its process namespace: whatever the session leaves
running becomes its child, and all of it ends with it. Where no such process can be left behind, or
it was killed, a run has a room of its own for as long as it lasts.
"""

from __future__ import annotations

import json
import os
import signal

from outrig_backendai.place.program.record import Wrong, read_fields, write_text
from outrig_backendai.place.program.system import NEWPID, NEWUSER, REC, ROOM, SLAVE
from outrig_backendai.place.program.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig_backendai.place.program.record import Inside
    from outrig_backendai.place.program.system import Kernel
    from outrig_backendai.place.program.worker import Worker

KINDS = ("user", "ipc", "uts", "mnt", "pid")


class Room:
    """Opens the room of one session and joins it."""

    def __init__(self, inside: Inside, worker: Worker, kernel: Kernel) -> None:
        self.inside = inside
        self.worker = worker
        self.kernel = kernel

    def open(self, first: Callable[[], object]) -> int:
        """Make namespaces with `first` as what their first process does; return its process id.

        Raises `OSError` or `Wrong` with what kept it from being made.
        """
        try:
            return self.attempt(ROOM, first)
        except OSError as error:
            if error.filename != "/proc":
                raise
            return self.attempt(ROOM & ~NEWPID, first)  # inside a container that masks /proc

    def attempt(self, flags: int, first: Callable[[], object]) -> int:
        said, say = os.pipe()
        go, tell = os.pipe()
        between = os.fork()
        if between == 0:
            os.close(said)
            os.close(tell)
            leave(lambda: self.divide(flags, first, go, say), say)
        os.close(go)
        os.close(say)
        return self.answer(said, tell, between)

    def answer(self, said: int, tell: int, between: int) -> int:
        """Map users when the process between asks for it, then hear how it went."""
        with os.fdopen(said, "rb") as source, os.fdopen(tell, "wb", buffering=0) as target:
            fields: dict[str, object] = {}
            for line in source:
                fields = json.loads(line)
                if "map" in fields:
                    map_users(between)
                    target.write(b".")
                if "ready" in fields or "wrong" in fields:
                    break
        os.waitpid(between, 0)
        if "pid" in fields:
            return int(str(fields["pid"]))
        if "number" in fields:
            raise OSError(int(str(fields["number"])), str(fields["wrong"]), str(fields["about"]))
        raise Wrong(str(fields.get("wrong") or "the namespaces ended at once"))

    def divide(self, flags: int, first: Callable[[], object], go: int, say: int) -> None:
        """Leave the node's namespaces and fork the first process of the new ones."""
        if not self.may_mount():
            self.kernel.unshare(NEWUSER)
            os.write(say, b'{"map": true}\n')
            os.read(go, 1)
        self.kernel.unshare(flags)
        known, know = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(know)
            leave(lambda: self.begin(flags, first, known, say), say)
        os.write(know, b"%d" % pid)

    def begin(self, flags: int, first: Callable[[], object], known: int, say: int) -> None:
        """Be the first process: make the view, say that it is there, and go on with `first`."""
        pid = int(os.read(known, 16))
        self.kernel.mount("none", "/", "", REC | SLAVE)
        View(self.inside, self.worker, self.kernel).make(bool(flags & NEWPID))
        self.kernel.name_host(self.inside.host)
        os.write(say, json.dumps({"ready": True, "pid": pid}).encode("ascii") + b"\n")
        os.close(say)
        first()

    def may_mount(self) -> bool:
        """Whether this process may mount without a user namespace of its own."""
        if os.geteuid() != 0:
            return False
        with open("/proc/self/status") as source:
            found = [line.split()[1] for line in source if line.startswith("CapEff:")]
        return bool(found and int(found[0], 16) >> 21 & 1)

    def join(self, pid: int) -> bool:
        """Go into the namespaces that a process holds; false if it ended meanwhile.

        What is forked then is inside.
        """
        opened = []
        try:
            for kind in KINDS:
                path = "/proc/%d/ns/%s" % (pid, kind)
                if os.readlink(path) != os.readlink("/proc/self/ns/" + kind):
                    opened.append(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        except (FileNotFoundError, ProcessLookupError):
            return False
        for fd in opened:
            self.kernel.enter(fd)
            os.close(fd)
        return True

    def hold(self) -> int:
        """Leave a process behind that keeps the room open; return its id, that of one there is.

        One at a time: `set_up` sees to that.
        """
        pid = self.holder()
        if not pid:
            pid = self.open(self.keep)
            write_text(self.inside.own("holder"), json.dumps(identity(pid)))
        return pid

    def keep(self) -> None:
        """Be the process that does nothing until the node ends it."""
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.closerange(3, 1024)
        os.chdir("/")
        self.worker.become()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # it reaps what it inherits
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        while signal.sigwaitinfo([signal.SIGTERM]).si_pid:
            pass  # something inside asked: only the node may

    def holder(self) -> int:
        """Return the process that keeps this session's room open, 0 if none does."""
        noted = read_fields(self.inside.own("holder"))
        pid = int(str(noted.get("pid") or 0))
        return pid if pid and identity(pid) == noted else 0


def identity(pid: int) -> dict[str, object]:
    """Return what tells a process from any other that has, or will have, its number."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as source:
            fields = source.read().rpartition(b")")[2].split()
        with open("/proc/sys/kernel/random/boot_id") as boot:
            boot_id = boot.read().strip()
    except OSError:
        return {}
    if fields[0] in (b"Z", b"X"):
        return {}
    return {"pid": pid, "start": int(fields[19]), "boot": boot_id}


def map_users(pid: int) -> None:
    """Give a new user namespace its users: all of this one's for root, else this user alone."""
    maps = {"uid_map": "%d %d 1" % (os.geteuid(), os.geteuid())}
    maps["gid_map"] = "%d %d 1" % (os.getegid(), os.getegid())
    if os.geteuid() == 0:
        for name in maps:
            with open("/proc/self/" + name) as source:
                lines = [line.split() for line in source]
            maps[name] = "\n".join("%s %s %s" % (one[0], one[0], one[2]) for one in lines)
    else:
        with open("/proc/%d/setgroups" % pid, "w") as target:
            target.write("deny")
    for name, text in maps.items():
        with open("/proc/%d/%s" % (pid, name), "w") as target:
            target.write(text)


def leave(action: Callable[[], object], say: int) -> None:
    """Do something in a forked process and end it; what goes wrong is said on `say`."""
    code = 1
    try:
        action()
        code = 0
    except OSError as error:
        tell_wrong(say, {"wrong": error.strerror, "number": error.errno, "about": error.filename})
    except BaseException as error:  # nothing may go back into the code of the parent
        tell_wrong(say, {"wrong": str(error) or repr(error)})
    finally:
        os._exit(code)


def tell_wrong(say: int, fields: dict[str, object]) -> None:
    try:
        os.write(say, json.dumps(fields).encode("ascii") + b"\n")
    except OSError:
        pass  # it was said already that all was well
