"""What a client asks about runs: start a batch, where they stand, their logs, their end."""

from __future__ import annotations

import json
import os
import sys
import time

from outrig.node.program.dropped import CANCELLED_IN_TIME, DroppedRuns, drop_runs
from outrig.node.program.keeper import run_keeper
from outrig.node.program.lifetime import cancel_run, touch
from outrig.node.program.metrics import library_path, make_library, metrics_file
from outrig.node.program.place import (
    Refused,
    append_line,
    checked_name,
    exists,
    find_program,
    read_whole,
    remove_file,
    write_whole,
)
from outrig.node.program.record import Spec, lock_is_free, number, read_fields
from outrig.node.program.slots import Slots
from outrig.node.program.wake import ensure_keeper, poke

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.container import Container
    from outrig.node.program.place import Root

MAX_LOG_PART = 4 << 20
USAGE_WAIT_S = 0.2
DROPPED = ("__PYVENV_LAUNCHER__", "PYTHONHOME", "PYTHONPATH", "OUTRIG_RUN", "OUTRIG_SESSION")


def existing_session(root: Root, session: object) -> str:
    """Return a session's id if its directory is there; raises `Refused`."""
    name = checked_name("session", session)
    if not exists(root.session(name)):
        raise Refused("session %s is not on this node" % name, "missing")
    if exists(root.session(name) + "/ended"):
        ended = read_fields(root.session(name) + "/ended") or {}
        raise Refused("the node ended session %s: it was %s" % (name, ended.get("reason", "over")))
    return name


def make_session(root: Root, session: object) -> str:
    """Make a session's directory, or take it into use again."""
    name = checked_name("session", session)
    os.makedirs(root.work(name), mode=0o700, exist_ok=True)
    if exists(root.session(name) + "/ended"):
        os.unlink(root.session(name) + "/ended")
    return name


def shell() -> list[str]:
    """Return the words that run a script: bash if there is one, else sh."""
    return [find_program("bash") or find_program("sh") or "/bin/sh", "-c"]


def base_environ(session: str, variables: dict[str, str]) -> dict[str, str]:
    """Return what runs inherit: this process's variables, those of the environment on top."""
    environ = {name: text for name, text in os.environ.items() if name not in DROPPED}
    environ["OUTRIG_SESSION"] = session
    environ["OUTRIG_PYTHON"] = sys.executable  # for what plugins run there
    environ.update(variables)
    return environ


def known_runs(root: Root, session: str) -> set[str]:
    """Return the ids of all runs that were asked for in a session."""
    text = read_whole(root.session(session) + "/ids") or b""
    return set(text.decode("ascii").split())


class Submission:
    """A batch as a client asks for it."""

    def __init__(
        self,
        root: Root,
        session: str,
        tasks: list[dict[str, object]],
        cap: int,
        container: Container | None,
        group: str = "",
        priority: float = 0,
    ) -> None:
        self.root = root
        self.session = session
        self.cap = cap
        self.group = group
        self.priority = priority
        self.container = container
        self.specs = [self.spec(task) for task in tasks]

    def spec(self, task: dict[str, object]) -> Spec:
        checked_name("run", task.get("run"))
        spec = Spec(dict(task, session=self.session))
        spec.engine = self.container.engine if self.container else ""
        spec.image = self.container.image if self.container else ""
        if self.container is None:  # in one, that file would not be there
            spec.variables["OUTRIG_METRICS"] = metrics_file(self.root.run(spec.run))
        return spec

    def check(self) -> None:
        """Raise `Refused` for what can never run here."""
        slots = Slots()
        work = os.path.realpath(self.root.work(self.session))
        parents: dict[str, str] = {}
        for spec in self.specs:
            slots.check(spec)
            place = real_place(os.path.join(work, spec.directory), parents)
            if place != work and not place.startswith(work + "/"):
                raise Refused(
                    "directory %r is outside the work directory" % spec.directory, "usage"
                )
        if not self.cap and len(self.specs) > 1 and not all(one.cpu for one in self.specs):
            self.cap = len(slots.cores)

    def submit(self, environ: dict[str, str]) -> None:
        """Put the tasks that are not known yet in the inbox, as one batch."""
        known = known_runs(self.root, self.session)
        fresh = [spec for spec in self.specs if spec.run not in known]
        if not fresh:
            return
        header = {
            "session": self.session,
            "cap": self.cap,
            "group": self.group,
            "priority": self.priority,
            "environ": environ,
            "argv": shell(),
        }
        lines = [json.dumps(header).encode("ascii"), *(spec.encode() for spec in fresh), b""]
        name = "%016x-%s.jsonl" % (time.time_ns(), os.urandom(4).hex())
        write_whole(self.root.inbox() + "/" + name, b"\n".join(lines))
        ids = "\n" + "".join(spec.run + "\n" for spec in fresh)
        try:
            append_line(self.root.session(self.session) + "/ids", ids.encode("ascii"))
        except OSError:
            remove_file(self.root.inbox() + "/" + name)  # what is refused must not start
            raise


def real_place(path: str, parents: dict[str, str]) -> str:
    """Do what `os.path.realpath` does; what the parents of many are is looked up once."""
    parent, name = os.path.split(path)
    if name in ("", ".", "..") or os.path.islink(path):
        return os.path.realpath(path)
    if parent not in parents:
        parents[parent] = os.path.realpath(parent)
    return os.path.join(parents[parent], name)


def submit(root: Root, submission: Submission, environ: dict[str, str]) -> None:
    """Accept a batch, and see that somebody starts it."""
    submission.check()
    make_library(root.path)
    python_path = (environ.get("PYTHONPATH"), library_path(root.path))
    environ["PYTHONPATH"] = os.pathsep.join(path for path in python_path if path)
    submission.submit(environ)
    touch(root, submission.session)
    ensure_keeper(root, run_keeper)


def run_state(root: Root, run: str, known: set[str], dropped: bool = False) -> dict[str, object]:
    """Return what there is to say of a run; `known` are the ids its session has seen.

    `dropped` tells that it was cancelled before it had a directory.
    """
    directory = root.run(run)
    ended = read_fields(directory + "/exit")
    started = read_fields(directory + "/started") or {}
    state: dict[str, object] = {"id": run, "started_at": number(started.get("time"))}
    if ended is not None:
        state.update(status=ended["status"], exit_code=ended.get("code"))
        state.update(reason=ended.get("reason"), ended_at=ended.get("time"))
        state["usage"] = usage_of(directory)
    elif started:
        state["status"] = "RUNNING"
    elif (dropped and not exists(directory)) or (
        exists(directory + "/cancel") and not exists(directory + "/spec")
    ):
        state.update(status="CANCELLED", reason=CANCELLED_IN_TIME)
    elif exists(directory + "/spec") or run in known:
        state["status"] = "QUEUED"
    else:
        state.update(status="LOST", reason="the node does not know this run")
    return state


def usage_of(directory: str) -> dict[str, object] | None:
    """Return what a run used; it is written an instant after the end."""
    deadline = time.monotonic() + USAGE_WAIT_S
    usage = read_fields(directory + "/usage")
    while usage is None and time.monotonic() < deadline:
        over = lock_is_free(directory + "/lock")  # before reading: what came until then is read
        usage = read_fields(directory + "/usage")
        if over:
            break
        time.sleep(0.001)
    return usage


def read_log(root: Root, run: str, stream: str, offset: int, size: int) -> tuple[bytes, bool]:
    """Return a piece of a run's output from `offset` on, and whether no more will ever come."""
    directory = root.run(run)
    over = exists(directory + "/exit")  # before reading: what came until then is seen below
    try:
        fd = os.open(directory + "/" + stream, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return b"", over
    try:
        data = os.pread(fd, min(size, MAX_LOG_PART), offset)
    finally:
        os.close(fd)
    return data, over and not data


def cancel(root: Root, runs: list[str], grace_s: float, session: str | None = None) -> None:
    """Ask runs to end; those that wait never start. `session` is that of all of them."""
    if session is not None and exists(root.session(session)):
        drop_runs(root, session, runs)
        runs = [run for run in runs if exists(root.run(run))]
    for run in runs:
        if not exists(root.run(run) + "/exit"):
            cancel_run(root, run, grace_s, None)
    poke(root)
    ensure_keeper(root, run_keeper)


class Watched:
    """A run that somebody waits for, with what they know of it."""

    __slots__ = ("dropped_runs", "err", "id", "out", "run", "session", "status")

    def __init__(self, root: Root, fields: dict[str, object], dropped: DroppedRuns) -> None:
        self.id = checked_name("run", fields.get("run"))
        self.run = root.run(self.id)
        self.session = checked_name("session", fields.get("session"))
        self.dropped_runs = dropped
        self.status = fields.get("status") or "QUEUED"
        self.out = int(number(fields.get("out")) or 0)
        self.err = int(number(fields.get("err")) or 0)

    def changed(self) -> bool:
        """Whether state or log are not what the client knows."""
        if self.status == "QUEUED" and (
            exists(self.run + "/started") or exists(self.run + "/exit") or self.dropped()
        ):
            return True
        if self.status == "RUNNING" and exists(self.run + "/exit"):
            return True
        return file_size(self.run + "/out") > self.out or file_size(self.run + "/err") > self.err

    def over(self) -> bool:
        """Whether the client knows that it has ended: nothing more will ever come."""
        return self.status not in ("QUEUED", "RUNNING")

    def dropped(self) -> bool:
        """Whether it was cancelled before it started."""
        if exists(self.run):
            return exists(self.run + "/cancel") and not exists(self.run + "/spec")
        return self.dropped_runs.has(self.session, self.id)


def file_size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
