"""`ray rsync-up`"""

from __future__ import annotations

from outrig.api import Command, argument, interruptible, option
from outrig.errors import UsageError
from outrig_ray.clusters.copying import copy_mounts, copy_up
from outrig_ray.launcher.up import UpReport
from outrig_ray.launcher.words import CLUSTER, LOG_OPTIONS, NAME, named_cluster

SOURCE = argument("source", "what to copy", required=False)
TARGET = argument("target", "where to", required=False)


class RayRsyncUp(Command):
    """Copy files to a cluster."""

    summary = "Copy files to the head of a Ray cluster"
    details = (
        "SOURCE is a file or directory here; as with rsync, `dir/` is what is in it, `dir` the "
        "directory itself. TARGET is a path there, where ~ is the login user's home. Without "
        "either, the file_mounts of the cluster file are copied again. What rsync_exclude and the "
        "ignore files of rsync_filter say is left out."
    )
    examples = (
        ("ray rsync-up cluster.yaml data/ '~/data'", "what is in data"),
        ("ray rsync-up cluster.yaml -A", "the mounts, to all nodes"),
    )
    arguments = (CLUSTER, SOURCE, TARGET)
    options = (NAME, option("all-nodes", "A", "to the workers too"), *LOG_OPTIONS)

    def handle(self) -> int:
        """Copy what was named."""
        source, target = self.word("source"), self.word("target")
        if (source is None) != (target is None):
            raise UsageError("give SOURCE and TARGET, or neither")
        cluster = named_cluster(self)
        nodes = cluster.nodes if self.flag("all-nodes") else (cluster.head,)
        report = UpReport(self)
        with interruptible(self.outrig):
            if source is None or target is None:
                count = copy_mounts(self.outrig, cluster, nodes, report)
                self.note(f"{cluster.name}: {count} mount{'s' if count != 1 else ''} copied")
            else:
                copy_up(self.outrig, cluster, nodes, source, target)
                self.note(f"{cluster.name}: {source} is {target}")
        return 0
