"""`ray rsync-down`"""

from __future__ import annotations

from outrig.api import Command, argument, interruptible
from outrig.errors import UsageError
from outrig_ray.clusters.copying import copy_down
from outrig_ray.launcher.words import CLUSTER, LOG_OPTIONS, NAME, named_cluster


class RayRsyncDown(Command):
    """Copy files from a cluster."""

    summary = "Copy files from the head of a Ray cluster"
    details = (
        "SOURCE is a path on the head, where ~ is the login user's home; as with rsync, `dir/` is "
        "what is in a directory, `dir` the directory itself. TARGET is a path here. Links are not "
        "copied."
    )
    examples = (("ray rsync-down cluster.yaml '~/results' .", "makes ./results"),)
    arguments = (
        CLUSTER,
        argument("source", "what to copy", required=False),
        argument("target", "where to", required=False),
    )
    options = (NAME, *LOG_OPTIONS)

    def handle(self) -> int:
        """Copy what was named."""
        source, target = self.word("source"), self.word("target")
        if source is None or target is None:
            raise UsageError("give SOURCE and TARGET")
        cluster = named_cluster(self)
        with interruptible(self.outrig):
            files = copy_down(self.outrig, cluster, source, target)
        self.note(f"{cluster.name}: {len(files)} file{'s' if len(files) != 1 else ''} copied")
        return 0
