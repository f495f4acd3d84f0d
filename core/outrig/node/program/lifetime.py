"""Sessions that end by themselves: after being idle for a while, or at a certain age."""

from __future__ import annotations

import json
import os
import time

from outrig.node.program.place import exists, mark, write_whole
from outrig.node.program.proc import boot_id
from outrig.node.program.record import number, read_fields, read_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.node.program.place import Root


DUE_S = 0.05
NOTICE = "/run/outrig-interruption"
"""Where the watcher on a cloud's spot machine writes what its metadata says of an interruption."""
MOST_NOTICED = 500


def uptime() -> float:
    """Return seconds that nobody can set back, and that go on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def arm(root: Root, session: str, fields: dict[str, object]) -> None:
    """Write down when a session ends; both limits absent disarms it."""
    path = root.session(session) + "/lifetime"
    if number(fields.get("idle_s")) is None and number(fields.get("max_age_s")) is None:
        if exists(path):
            os.unlink(path)
        return
    kept = read_fields(path) or {}
    if kept.get("boot") != boot_id():
        kept = {"boot": boot_id(), "since": uptime()}
    kept.update(
        idle_s=fields.get("idle_s"),
        max_age_s=fields.get("max_age_s"),
        terminate=bool(fields.get("terminate")),
    )
    touch(root, session)
    write_whole(path, json.dumps(kept).encode("ascii"))


def touch(root: Root, session: str) -> None:
    """Say that the session is in use now."""
    try:
        write_whole(root.session(session) + "/touched", b"%.3f" % uptime())
    except OSError:
        pass  # the session was ended meanwhile, or the disk is full


class Lifetimes:
    """What the keeper knows of the sessions that are armed."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.due: dict[str, float] = {}
        self.known = False

    def armed(self) -> bool:
        """Whether any session ends by itself one day."""
        return bool(self.due)

    def any_armed(self) -> bool:
        """Look again, whatever is known, whether a session is armed that has not ended."""
        self.known = False
        return any(True for _ in self.limits())

    def limits(self) -> Iterator[tuple[str, dict[str, object]]]:
        """Yield the armed sessions with what they are armed for; a restart disarms them."""
        for session in os.listdir(self.root.path + "/s"):
            fields = read_fields(self.root.session(session) + "/lifetime")
            if fields is not None and fields.get("boot") == boot_id():
                yield session, fields

    def due_in(self) -> float | None:
        """Return in how many seconds the next session may be due."""
        if not self.due:
            return None
        return max(DUE_S, min(self.due.values()) - uptime())

    def enforce(self, running: set[str], poked: bool) -> None:
        """End what is due; `running` are the sessions in which something runs or waits."""
        if self.known and not poked and (self.due_in() or 1.0) > DUE_S:
            return
        self.known = True
        self.due = {}
        for session, fields in list(self.limits()):
            self.judge(session, fields, running)

    def note_ends(self, sessions: set[str]) -> None:
        """Idle time counts from the end of the last run."""
        for session in sessions.intersection(self.due):
            touch(self.root, session)

    def judge(self, session: str, fields: dict[str, object], running: set[str]) -> None:
        now = uptime()
        moments = []
        idle, age = number(fields.get("idle_s")), number(fields.get("max_age_s"))
        if age is not None:
            since = number(fields.get("since")) or now
            moments.append((since + age, "over its age of %g s" % age))
        if idle is not None and session in running:
            touch(self.root, session)
            moments.append((now + idle, ""))
        elif idle is not None:
            moments.append((self.touched(session) + idle, "idle for %g s" % idle))
        moment, reason = min(moments)
        if moment > now:
            self.due[session] = moment
        else:
            end_for(self.root, session, reason)

    def touched(self, session: str) -> float:
        try:
            with open(self.root.session(session) + "/touched") as source:
                return float(source.read())
        except (OSError, ValueError):
            return uptime()


def end_for(root: Root, session: str, reason: str) -> None:
    """End a session's runs, and say in its directory why."""
    directory = root.session(session)
    mark(directory + "/ended", json.dumps({"reason": reason}).encode("ascii"))
    os.unlink(directory + "/lifetime")
    for run in session_runs(root, session):
        cancel_run(root, run, 5.0, "the session was " + reason)


def session_runs(root: Root, session: str) -> list[str]:
    """Return the session's runs that have not ended."""
    found = []
    for run in os.listdir(root.path + "/r"):
        directory = root.run(run)
        if not exists(directory + "/exit"):
            spec = read_spec(directory)
            if spec is not None and spec.session == session:
                found.append(run)
    return found


def cancel_run(root: Root, run: str, grace_s: float, reason: str | None) -> None:
    """Ask for a run's end; whoever looks after it does the rest."""
    os.makedirs(root.run(run), mode=0o700, exist_ok=True)
    fields = {"grace_s": grace_s, "reason": reason}
    if not exists(root.run(run) + "/cancel"):
        mark(root.run(run) + "/cancel", json.dumps(fields).encode("ascii"))


def interruption() -> str:
    """Return what was written down of this machine being taken back; empty if nothing was."""
    try:
        with open(NOTICE, "rb") as source:
            text = source.read(MOST_NOTICED)
    except OSError:
        return ""
    return " ".join(text.decode("utf-8", "replace").split())
