"""What one kernel of a session is like inside, as the client knows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """A directory of the node that is seen inside at `target`, below `/home/work`."""

    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The inside of one kernel: all that its node is told of it.

    `host` is its name (main1), `hosts` the addresses of the cluster's others by name. `interpreter`
    is the path of a Python on the node, or `engine` and `image` name a container image. `hidden`
    are directories of the node that nobody inside may see. `devices` are indices of GPUs. Sizes
    are in MiB, `cpu` counts cores. `means` asks for one way of making it; empty takes the best.
    """

    host: str = "main1"
    hosts: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Bind, ...] = ()
    interpreter: str = ""
    engine: str = ""
    image: str = ""
    hidden: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    memory_mib: int = 0
    cpu: float = 0
    shmem_mib: int = 64
    means: str = ""

    def encoded(self) -> str:
        """Return the record as the node reads it."""
        fields = {
            "host": self.host,
            "hosts": dict(self.hosts),
            "environ": dict(self.environ),
            "mounts": [[one.source, one.target, one.read_only] for one in self.mounts],
            "interpreter": self.interpreter,
            "engine": self.engine,
            "image": self.image,
            "hidden": list(self.hidden),
            "devices": list(self.devices),
            "memory_mib": self.memory_mib,
            "cpu": self.cpu,
            "shmem_mib": self.shmem_mib,
            "means": self.means,
        }
        return json.dumps(fields)
