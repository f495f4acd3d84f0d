"""The command of a run: what is needed to start it, and how a process turns into it."""

from __future__ import annotations

import os
import signal

from outrig.node.program.apart import make_apart
from outrig.node.program.proc import default_signals
from outrig.node.program.record import mark_started

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.node.program.place import Root
    from outrig.node.program.record import Spec

STARTED_BEFORE = "it was started before"


class Launch:
    """What the shim needs to start a command; `again` makes it for another of its batch."""

    __slots__ = ("again", "argv", "directory", "environ", "keep", "keeper", "root", "spec", "work")

    def __init__(
        self,
        root: Root,
        spec: Spec,
        environ: dict[str, str],
        argv: list[str],
        keep: Callable[[Root], None],
        again: Callable[[Spec], Launch],
    ) -> None:
        self.root = root
        self.spec = spec
        self.environ = environ
        self.argv = argv
        self.keep = keep
        self.again = again
        self.keeper = os.getpid()
        self.directory = root.run(spec.run)
        self.work = root.work(spec.session)

    def of(self, spec: Spec) -> Launch:
        """Return the launch of another run, by a shim of the same keeper."""
        launch = self.again(spec)
        launch.keeper = self.keeper
        return launch


def become_command(
    launch: Launch, apply_limits: Callable[[], None], prefix: list[str], lock: int
) -> None:
    """Turn this process into the command; returns only by raising what went wrong."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for number_of, name in ((1, "/out"), (2, "/err")):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        os.dup2(os.open(launch.directory + name, flags, 0o600), number_of)
    os.umask(0o022)
    if launch.spec.apart is not None:
        make_apart(launch.work, launch.spec.directory, launch.spec.apart)
    os.chdir(os.path.join(launch.work, launch.spec.directory))
    argv = prefix + launch.argv
    apply_limits()
    default_signals()
    signal.set_wakeup_fd(-1)
    os.set_inheritable(lock, True)
    if not mark_started(launch.directory):
        raise FileExistsError(STARTED_BEFORE)
    os.execvpe(argv[0], argv, launch.environ)


def told(error: BaseException) -> str:
    """Say in one line what kept a command from starting."""
    if isinstance(error, OSError) and error.strerror:
        return "%s: %s" % (error.filename, error.strerror) if error.filename else error.strerror
    return str(error)
