"""The arguments and options that Daft's commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import argument, option
from outrig_daft.clusters import check_key, running, wanted

if TYPE_CHECKING:
    from outrig.api import Command
    from outrig_daft.clusters import Wanted
    from outrig_ray.api import Cluster

FILE = argument("file", "the Daft file (default: .daft.toml)", required=False)
CLUSTER = argument(
    "cluster", "the cluster's name, or its Daft file (default: .daft.toml)", required=False
)
CONFIG = option("config", "c", "the Daft file", value="FILE")
KEY = option("identity-file", "i", "a private key that may log in to the cluster", value="KEY")


def named(command: Command, name: str = "cluster") -> Wanted:
    """Return which cluster a command's words name."""
    is_argument = command.definition.has_argument(name)
    word = command.word(name) if is_argument else command.text(name)
    return wanted(word, command.text("config"))


def running_cluster(command: Command) -> Cluster:
    """Return the cluster that a command's words name, which a given key may log in to."""
    cluster = running(command.outrig, named(command))
    check_key(command.outrig, cluster, command.text("identity-file"))
    return cluster
