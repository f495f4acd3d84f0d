"""`ray get-head-ip`"""

from __future__ import annotations

from outrig.api import Command
from outrig_ray.launcher.words import CLUSTER, LOG_OPTIONS, NAME, named_cluster


class RayGetHeadIp(Command):
    """Print the address of a cluster's head."""

    summary = "Print the address of a Ray cluster's head"
    details = "The address by which this computer reaches the head."
    examples = (("ray get-head-ip cluster.yaml", "for scripts"),)
    arguments = (CLUSTER,)
    options = (NAME, *LOG_OPTIONS)

    def handle(self) -> int:
        """Print it."""
        head = named_cluster(self).head
        self.line(head.address or head.id)
        return 0
