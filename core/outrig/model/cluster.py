"""A Ray cluster file, as every generation of it describes a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from outrig.model.project import Compute


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCommands:
    """What is run on a node, in order: first `initialization`, then `setup`, then `start`."""

    initialization: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    start: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterContainer:
    """The container in which everything but `initialization` runs.

    `options` are words for `docker run`. With `finds_runtime` NVIDIA's is taken where there is one,
    with `finds_shm` shared memory is a third of the node's memory.
    """

    image: str
    name: str
    options: tuple[str, ...] = ()
    engine: str = "docker"
    pulls: bool = True
    finds_runtime: bool = True
    finds_shm: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeGroup:
    """Nodes of one kind: how many, what is run on them, and what they tell Ray that they have.

    `most` is how many an autoscaler may make of it, `None` as many as the cluster may have.
    """

    name: str
    count: int
    commands: ClusterCommands = ClusterCommands()
    resources: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    most: int | None = None
    container: ClusterContainer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterMount:
    """A file or directory of this computer that every node gets a copy of.

    `remote` is absolute or begins with `~/`.
    """

    remote: str
    local: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFile:
    """What a cluster file says; `compute` is what nodes to take, the head first.

    `exclude` are patterns of what mounts leave out, `filters` the names of ignore files that count
    in them. `scaling` is the file for Ray's autoscaler on the head, as JSON, where it is to run
    there: it then makes the workers. `head_address` is where workers find the head, `None` its own
    address. `keeps_nodes` is whether taking it down only stops them. `notices` are lines for the
    user about what was understood in another way than it may look.
    """

    name: str
    path: Path
    compute: Compute
    head: NodeGroup
    workers: tuple[NodeGroup, ...] = ()
    mounts: tuple[ClusterMount, ...] = ()
    synced: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    head_address: str | None = None
    max_workers: int | None = None
    idle_s: float | None = None
    keeps_nodes: bool = False
    scaling: str | None = None
    notices: tuple[str, ...] = ()

    def group(self, rank: int) -> NodeGroup:
        """Return what the node of a rank is; those past the last group are like the last."""
        left = rank - 1
        if rank == 0 or not self.workers:
            return self.head
        for group in self.workers:
            if left < group.count:
                return group
            left -= group.count
        return self.workers[-1]
