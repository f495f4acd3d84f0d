"""`ray stop`"""

from __future__ import annotations

from outrig.api import Command, TerminalObserver, interruptible, option
from outrig_ray.clusters.runtime import GRACE_S, stop_ray
from outrig_ray.launcher.words import ANY_CLUSTER, LOG_OPTIONS, NAME, named_cluster


class RayStop(Command):
    """End a cluster's Ray, and keep its nodes."""

    summary = "End the Ray of a cluster, and keep its nodes"
    details = (
        "Ends Ray on the workers, then on the head. Only this cluster's processes are ended: "
        "another Ray on the same machines goes on. `ray up` starts it again. Without a name it is "
        "about the only cluster there is."
    )
    examples = (("ray stop demo", "the nodes stay"), ("ray stop demo --force", "at once"))
    arguments = (ANY_CLUSTER,)
    options = (
        NAME,
        option("force", "f", "do not let processes end by themselves"),
        option(
            "grace-period",
            "g",
            "time for processes to end by themselves, in seconds",
            value="SECONDS",
            type=float,
            default=GRACE_S,
        ),
        *LOG_OPTIONS,
    )

    def handle(self) -> int:
        """End it."""
        cluster = named_cluster(self)
        self.outrig.watch(TerminalObserver(self))
        grace_s = 0.0 if self.flag("force") else float(self.option("grace-period"))
        with interruptible(self.outrig):
            ended = stop_ray(self.outrig, cluster.session, cluster.nodes, grace_s)
        for node, err in ended:
            if err is None:
                self.note(f"{node.id}: Ray has ended")
            else:
                self.warn(f"{node.id}: {err}")
        if not ended:
            self.note(f"{cluster.name}: Ray is not running")
        return 7 if any(err is not None for _, err in ended) else 0
