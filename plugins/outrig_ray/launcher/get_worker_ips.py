"""`ray get-worker-ips`"""

from __future__ import annotations

from outrig.api import Command
from outrig_ray.clusters.scaling import made_nodes
from outrig_ray.launcher.words import CLUSTER, LOG_OPTIONS, NAME, named_cluster


class RayGetWorkerIps(Command):
    """Print the addresses of a cluster's workers."""

    summary = "Print the addresses of a Ray cluster's workers"
    details = "A line each: the addresses by which this computer reaches them."
    examples = (("ray get-worker-ips cluster.yaml", "for scripts"),)
    arguments = (CLUSTER,)
    options = (NAME, *LOG_OPTIONS)

    def handle(self) -> int:
        """Print them."""
        cluster = named_cluster(self)
        for node in (*cluster.workers, *made_nodes(self.outrig, cluster.session)):
            self.line(node.address or node.id)
        return 0
