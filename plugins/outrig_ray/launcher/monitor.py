"""`ray monitor`"""

from __future__ import annotations

from outrig.api import Command, NewRun, TerminalObserver, exit_code, interruptible, option
from outrig.errors import Interrupted
from outrig_ray.launcher.words import CLUSTER, LOG_OPTIONS, NAME, named_cluster

LOGS = "/tmp/ray/session_latest/logs/monitor*"  # noqa: S108 - it is where Ray writes on the head


class RayMonitor(Command):
    """Follow the logs of a cluster's monitor."""

    summary = "Follow the logs of a Ray cluster's monitor"
    details = "The last lines of the monitor's logs on the head, and what comes, until Ctrl-C."
    examples = (("ray monitor cluster.yaml --lines 500", "more of what was"),)
    arguments = (CLUSTER,)
    options = (
        option("lines", None, "how many lines to begin with", value="N", type=int, default=100),
        NAME,
        *LOG_OPTIONS,
    )
    runs_commands = True

    def handle(self) -> int:
        """Follow them."""
        session = named_cluster(self).session
        observer = TerminalObserver(self)
        self.outrig.watch(observer)
        script = f"exec tail -n {max(0, self.option('lines'))} -f {LOGS}"
        with interruptible(self.outrig):
            wanted = NewRun(script=script, command="ray-monitor", on="head")
            runs = self.outrig.execute(session, [wanted])
            try:
                ended = self.outrig.follow(session, runs)
            except Interrupted:
                with self.outrig.cancel.passed_over():
                    self.outrig.cancel_runs(session, runs, 1.0)
                return 0
            finally:
                observer.finish()
        return exit_code(ended[0])
