"""The file system as it is seen inside: the node's own, read only, with what is others' hidden.

It is made in a mount namespace that was just opened, by a process that may still do everything
there. Every path that is shown is opened before anything is hidden.
"""

from __future__ import annotations

import os

from outrig_backendai.place.program.record import HOME, Wrong
from outrig_backendai.place.program.system import NODEV, NOEXEC, NOSUID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig_backendai.place.program.record import Inside
    from outrig_backendai.place.program.system import Kernel
    from outrig_backendai.place.program.worker import Worker

OPEN_PATH = getattr(os, "O_PATH", 0o10000000) | os.O_CLOEXEC

SYSTEM = ("/usr", "/etc", "/bin", "/sbin", "/lib", "/dev", "/proc", "/sys")
NEEDED = ("/var/tmp", "/run/lock", "/opt")  # noqa: S108
"""What some accounts have as their home, and must be seen nevertheless."""


class View:
    """Makes the view of one session; `kernel` mounts."""

    def __init__(self, inside: Inside, worker: Worker, kernel: Kernel) -> None:
        self.inside = inside
        self.worker = worker
        self.kernel = kernel
        self.opened: dict[str, str] = {}

    def make(self, own_processes: bool) -> None:
        """Mount all of it; raises `OSError` that names what could not be mounted."""
        os.umask(0o022)
        inside, kernel = self.inside, self.kernel
        self.open_all()
        try:
            kernel.make_read_only("/")
        except OSError:
            pass  # an old kernel: what the worker may not write, it still may not
        if own_processes:
            kernel.mount("proc", "/proc", "proc", NOSUID | NODEV | NOEXEC)
        for path in self.hidden():
            self.cover(path, "mode=755")
        for path in ("/tmp", "/var/tmp"):  # noqa: S108 - the session's own
            if os.path.isdir(path):
                self.show(inside.own("tmp"), path, False)
        if os.path.isdir("/dev/shm"):  # noqa: S108 - likewise
            self.cover("/dev/shm", "mode=1777,size=%dm" % inside.shmem_mib)  # noqa: S108
        for path in inside.shown:
            self.show_again(path)
        os.mkdir(HOME)
        self.show(inside.home, HOME, False)
        for bound in inside.mounts:
            self.show_mount(bound.source, bound.target, bound.read_only)
        for name in ("passwd", "group", "hosts"):
            if os.path.exists("/etc/" + name):
                self.show(inside.own(name), "/etc/" + name, True)

    def open_all(self) -> None:
        """Take hold of everything that is going to be shown, while it can be reached."""
        inside = self.inside
        own = [inside.home, *(inside.own(name) for name in ("tmp", "passwd", "group", "hosts"))]
        for path in own + [one.source for one in inside.mounts]:
            self.open(path)
        for path in inside.shown:
            if os.path.isdir(path):
                self.open(path)

    def open(self, path: str) -> None:
        try:
            fd = os.open(path, OPEN_PATH)
        except OSError as error:
            raise Wrong("%s cannot be mounted: %s" % (path, error.strerror)) from None
        self.opened[path] = "/proc/self/fd/%d" % fd

    def hidden(self) -> list[str]:
        """Return the directories in which there is only what is others'."""
        import pwd

        try:
            own_home = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            own_home = "/root"
        root = os.path.dirname(os.path.dirname(os.path.dirname(self.inside.work)))
        wanted = ["/root", own_home, os.environ.get("HOME", ""), "/run/user"]
        wanted += [os.environ.get("OUTRIG_HOME", ""), *self.inside.hidden]
        wanted.append(os.path.dirname(os.path.dirname(root)))
        found = ["/home"]
        for path in map(os.path.realpath, filter(None, wanted)):
            if not lies_below(path, [*found, *SYSTEM]) and not lies_above(path, NEEDED):
                found.append(path)
        return [path for path in found if os.path.isdir(path)]

    def cover(self, path: str, options: str) -> None:
        """Put an empty directory over one; what an earlier cover hides already is fine."""
        if os.path.isdir(path):
            self.kernel.mount("outrig", path, "tmpfs", NOSUID | NODEV, options)

    def show(self, source: str, target: str, read_only: bool) -> None:
        self.kernel.bind(self.opened[source], target)
        if read_only:
            self.kernel.make_read_only(target)
        else:
            self.kernel.make_writable(target)

    def show_again(self, path: str) -> None:
        """Show a directory at its own place that may have been hidden with what it is in."""
        if path in self.opened and not os.path.isdir(path):
            os.makedirs(path)
            self.show(path, path, True)

    def show_mount(self, source: str, target: str, read_only: bool) -> None:
        made_directories(target, self.worker)
        if os.path.realpath(target) != target:
            raise Wrong("mount %s leads over a symlink" % target)
        self.show(source, target, read_only)


def made_directories(target: str, worker: Worker) -> None:
    """Make a directory below HOME that is the worker's, as are those it is in."""
    if os.path.isdir(target):
        return
    made_directories(os.path.dirname(target), worker)
    try:
        os.mkdir(target)
    except OSError as error:
        raise Wrong("mount %s: %s" % (target, error.strerror)) from None
    if worker.dropped:
        os.chown(target, worker.uid, worker.gid, follow_symlinks=False)


def lies_below(path: str, tops: list[str]) -> bool:
    return any(path == top or path.startswith(top + "/") for top in tops)


def lies_above(path: str, places: tuple[str, ...]) -> bool:
    return any(path == "/" or one == path or one.startswith(path + "/") for one in places)
