"""`ray down`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Command, SessionState, TerminalObserver, interruptible, option
from outrig_ray.clusters.runtime import stop_ray
from outrig_ray.clusters.taking_down import take_down
from outrig_ray.launcher.words import CLUSTER, LOG_OPTIONS, NAME, YES, named_cluster

if TYPE_CHECKING:
    from outrig_ray.clusters.cluster import Cluster


class RayDown(Command):
    """Take a Ray cluster down."""

    summary = "Take a Ray cluster down"
    details = (
        "Ends this cluster's Ray, and nobody else's, and gives the nodes back: machines that were "
        "made for it are terminated, machines that were there are left clean. Where the file says "
        "`cache_stopped_nodes: true`, machines are stopped instead, and a second `ray down` "
        "terminates them. The cluster is found by its name, also when its file is gone."
    )
    examples = (
        ("ray down cluster.yaml", "all nodes"),
        ("ray down demo", "by name"),
        ("ray down cluster.yaml --workers-only", "the head goes on"),
    )
    arguments = (CLUSTER,)
    options = (
        NAME,
        YES,
        option("workers-only", None, "end Ray on the workers only"),
        option("keep-min-workers", None, "stop machines instead of terminating them"),
        *LOG_OPTIONS,
    )

    def handle(self) -> int:
        """Take down what was named."""
        cluster = named_cluster(self)
        observer = TerminalObserver(self)
        self.outrig.watch(observer)
        with interruptible(self.outrig):
            if self.flag("workers-only"):
                return self._workers(cluster)
            ended = take_down(self.outrig, cluster, keep=self.flag("keep-min-workers"))
        observer.finish()
        self.note(f"{cluster.name} is {ended.state.value}")
        if ended.state is SessionState.SUSPENDED:
            self.note(
                "  its machines are stopped, their disks are kept (and cost): resume with "
                f"outrig ray up, end for good: outrig ray down {cluster.name}"
            )
        return 0

    def _workers(self, cluster: Cluster) -> int:
        """End Ray on the workers; with --keep-min-workers on those the file does not ask for."""
        if self.flag("keep-min-workers"):
            self.note(f"{cluster.name} has no more workers than its file asks for")
            return 0
        failed = 0
        for node, err in stop_ray(self.outrig, cluster.session, cluster.workers):
            failed += err is not None
            self.note(f"{node.id}: {err or 'Ray has ended'}")
        return 7 if failed else 0
