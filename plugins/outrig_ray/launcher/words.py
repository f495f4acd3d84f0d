"""The arguments and options that the launcher's commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import argument, option
from outrig_ray.clusters.cluster import find_cluster

if TYPE_CHECKING:
    from outrig.api import Command
    from outrig_ray.clusters.cluster import Cluster

FILE = argument("cluster-config", "the cluster file")
CLUSTER = argument("cluster-config", "the cluster file, or the cluster's name")
ANY_CLUSTER = argument("cluster-config", "the cluster file, or the cluster's name", required=False)
"""Without it, the only cluster there is."""
NAME = option("cluster-name", "n", "stands over the name in the file", value="NAME")
YES = option("yes", "y", "ask nothing")
NO_CACHE = option("no-config-cache", None, "accepted; no cluster configuration is cached")
USAGE = option("disable-usage-stats", None, "accepted; Ray's usage statistics are off anyway")
LOG_OPTIONS = (
    option(
        "log-style",
        None,
        "accepted; lines are for people on a terminal and elsewhere",
        choices=("auto", "record", "pretty"),
    ),
    option("log-color", None, "accepted; see NO_COLOR", choices=("auto", "true", "false")),
)


def named_cluster(command: Command) -> Cluster:
    """Return the running cluster that a command's words name; raises `NotFoundError`."""
    return find_cluster(
        command.outrig, command.word("cluster-config"), command.text("cluster-name")
    )


def show_notices(command: Command, cluster: Cluster) -> None:
    """Say what the cluster file is understood as."""
    for one in cluster.file.notices if cluster.file is not None else ():
        command.detail(one)
