"""A run on a node, from its command's start to its end."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import threading
import time

from outrig_ray.engine.node.place import FAILED_BEFORE, PIECE, write_json
from outrig_ray.engine.node.tree import bring_up_to_date, directory_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any

    from outrig_ray.engine.node.place import Place

_SUBREAPER = 36


class Pump(threading.Thread):
    """Writes one stream of a run in pieces, which are read one by one."""

    def __init__(self, source: IO[bytes] | None, base: str) -> None:
        super().__init__(daemon=True)
        self.descriptor = -1 if source is None else source.fileno()
        self.base = base
        self.size = 0

    def run(self) -> None:
        """Write until the stream ends."""
        while True:
            data = os.read(self.descriptor, PIECE - self.size % PIECE)
            if not data:
                return
            with open("%s.%d" % (self.base, self.size // PIECE), "ab") as file:
                file.write(data)
            self.size += len(data)


def own_directory(place: Place, spec: dict[str, Any]) -> str:
    """Return where a run's own files are."""
    path = os.path.join(place.top, "r", spec["run"])
    os.makedirs(path, mode=0o700, exist_ok=True)
    return path


def environment(own: str, spec: dict[str, Any]) -> dict[str, str]:
    """Return the variables that a run's command sees."""
    found = dict(os.environ)
    found.update(spec["variables"])
    found["OUTRIG_SESSION"] = spec["session"]
    found["OUTRIG_RUN"] = spec["run"]
    found["OUTRIG_METRICS"] = os.path.join(own, "metrics")
    return found


def write_end(own: str, status: str, code: int, reason: str | None, begun: float) -> None:
    """Write down how a run ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    fields = {
        "status": status,
        "exit_code": code,
        "reason": reason,
        "begun": begun,
        "ended": time.time(),
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mib": used.ru_maxrss / 1024,
    }
    write_json(os.path.join(own, "end.json"), fields)


def set_up(place: Place, spec: dict[str, Any]) -> int:
    """Do the environment's steps, once on each node; what they print is the run's."""
    mark = os.path.join(place.top, "set-up-%s" % spec["environment"])
    if not spec["set_up"] or os.path.exists(mark):
        return 0
    begun, own = time.time(), own_directory(place, spec)
    with place.locked(), open(os.path.join(own, "err.0"), "ab") as log:
        if os.path.exists(mark):
            return 0
        words = ["/bin/sh", "-ec", spec["set_up"]]
        code = subprocess.call(
            words, cwd=place.work, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        if code == 0:
            os.truncate(os.path.join(own, "err.0"), 0)
            write_json(mark, {})
    if code != 0:
        reason = "a step of the environment failed with exit code %d" % code
        write_end(own, "FAILED", FAILED_BEFORE, reason, begun)
    return FAILED_BEFORE if code else 0


class Running:
    """The command of a run, until it has ended."""

    def __init__(self, place: Place, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.own = own_directory(place, spec)
        self.cancelled = False
        self.timed_out = False
        self.begun = time.time()
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", spec["script"]],
            cwd=directory_of(place, spec),
            env=environment(self.own, spec),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.pumps = [
            Pump(self.process.stdout, os.path.join(self.own, "out")),
            Pump(self.process.stderr, os.path.join(self.own, "err")),
        ]
        for pump in self.pumps:
            pump.start()
        write_json(os.path.join(self.own, "begun.json"), {"begun": self.begun})

    def signal(self, number: int) -> None:
        """Send a signal to the command and those it started in its group."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def await_end(self) -> int:
        """Wait for the end; returns the exit code."""
        limit = self.spec["timeout_s"]
        deadline = None if limit is None else time.monotonic() + limit
        killed = None
        while True:
            try:
                code = self.process.wait(0.05)
                return 128 - code if code < 0 else code
            except subprocess.TimeoutExpired:
                pass
            now = time.monotonic()
            if deadline is not None and now > deadline and not self.cancelled:
                self.timed_out, deadline = True, None
            if (self.cancelled or self.timed_out) and killed is None:
                self.signal(signal.SIGTERM)
                killed = now + self.spec["grace_s"]
            if killed is not None and now > killed:
                self.signal(signal.SIGKILL)

    def finish(self) -> int:
        """Run it to its end, write down how that was, and return the exit code."""
        code = self.await_end()
        if not self.spec["background"]:
            end_descendants()
        for pump in self.pumps:
            pump.join()
        reason, status = None, "SUCCEEDED" if code == 0 else "FAILED"
        if self.cancelled:
            status = "CANCELLED"
        elif self.timed_out:
            status, code = "FAILED", 124
            reason = "timed out after %g s" % self.spec["timeout_s"]
        write_end(self.own, status, code, reason, self.begun)
        return code


def become_subreaper() -> None:
    try:
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)  # what a run leaves behind comes to us
    except (OSError, AttributeError):
        pass


def end_descendants() -> None:
    """End what the command started and left; a new child may come with each that ends."""
    while True:
        children = [
            pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if is_child(pid)
        ]
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # noqa: PERF203 - each on its own
                pass
        try:
            while children and os.waitpid(-1, 0):
                pass
        except ChildProcessError:
            pass
        if not children:
            return


def is_child(pid: int) -> bool:
    try:
        with open("/proc/%d/stat" % pid) as file:
            fields = file.read().rpartition(") ")[2].split()
    except OSError:
        return False
    return int(fields[1]) == os.getpid()


def run(place: Place, spec: dict[str, Any]) -> int:
    """Do a run, and return its exit code."""
    become_subreaper()
    bring_up_to_date(place, spec)
    code = set_up(place, spec)
    if code != 0:
        return code
    running: Running | None = None
    stopped: list[bool] = []

    def stop(_number: int, _frame: object) -> None:
        stopped.append(True)
        if running is not None:
            running.cancelled = True

    signal.signal(signal.SIGTERM, stop)
    running = Running(place, spec)
    running.cancelled = bool(stopped)
    return running.finish()
