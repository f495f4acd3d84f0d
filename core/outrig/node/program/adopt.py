"""Runs whose shim was killed: the keeper, which inherits the command, does the shim's work."""

from __future__ import annotations

import os
import signal
import time

from outrig.node.program.lifetime import uptime
from outrig.node.program.limits import limiter_for
from outrig.node.program.place import exists
from outrig.node.program.proc import descendants, marked, parent, send_signal, start_time
from outrig.node.program.record import ending_of, number, read_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.place import Root
    from outrig.node.program.record import Spec

GRACE_S = 5.0


class Adopted:
    """A run's command as a child of the keeper."""

    def __init__(self, root: Root, spec: Spec) -> None:
        self.directory = root.run(spec.run)
        self.spec = spec
        self.mark = b"OUTRIG_RUN=" + spec.run.encode()
        self.begun = time.monotonic()
        self.asked: dict[str, object] | None = None
        self.kill_at = 0.0
        self.ended_at = 0.0

    def started(self) -> dict[str, object]:
        return read_fields(self.directory + "/started") or {}

    def pid(self) -> int:
        """Return the command's pid, 0 before it has said that it started."""
        return int(number(self.started().get("pid")) or 0)

    def is_child(self) -> bool:
        """Whether the command lives and is a child of this process."""
        started = self.started()
        pid = int(number(started.get("pid")) or 0)
        return bool(pid) and parent(pid) == os.getpid() and start_time(pid) == started.get("start")

    def write_end(self, code: int, status: int) -> None:
        """Write down how the command ended."""
        ending = ending_of(code, status, self.asked)
        if self.asked is None:
            ending.reason = limiter_for(self.spec).reason(ending.code) or ending.reason
        ending.write(self.directory)

    def enforce(self) -> None:
        """Act on a cancellation and on the time limit."""
        if self.asked is None and exists(self.directory + "/cancel"):
            asked = read_fields(self.directory + "/cancel") or {}
            self.stop(asked, number(asked.get("grace_s")) or 0.0)
        limit = self.spec.timeout_s
        if self.asked is None and limit and self.age_s() >= limit:
            reason = "timed out after %g s" % limit
            self.stop({"status": "FAILED", "code": 124, "reason": reason}, GRACE_S)
        if self.asked is not None and time.monotonic() >= self.kill_at:
            self.signal_all(signal.SIGKILL)

    def age_s(self) -> float:
        """Return for how long the command runs, whatever was done to the clock meanwhile."""
        ticks = number(self.started().get("start"))
        return uptime() - ticks / os.sysconf("SC_CLK_TCK") if ticks else 0.0

    def stop(self, asked: dict[str, object], grace_s: float) -> None:
        self.asked = asked
        self.kill_at = time.monotonic() + grace_s
        self.signal_all(signal.SIGTERM)

    def signal_all(self, number_of: int) -> list[int]:
        """Signal the run's processes: those below the keeper that carry its mark."""
        found = marked(self.mark, descendants(os.getpid()))
        for pid in found:
            send_signal(pid, number_of)
        return found

    def leftovers_ended(self) -> bool:
        """End what the command left behind; true once nothing of it lives."""
        if self.spec.background:
            return True
        now = time.monotonic()
        self.ended_at = self.ended_at or now
        late = now - self.ended_at >= GRACE_S
        if self.signal_all(signal.SIGKILL if late else signal.SIGTERM):
            return False
        limiter_for(self.spec).remove()
        return True
