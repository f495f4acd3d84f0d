"""Instance types that fit what a session asks for, smallest first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outrig.cloud import machine_types
from outrig.cloud.machine_types import MachineType, families, with_gpus

if TYPE_CHECKING:
    from outrig.api import Resources

_SIZES = (("large", 2), ("xlarge", 4), ("2xlarge", 8), ("4xlarge", 16), ("8xlarge", 32))
_SIZES_ON = (*_SIZES, ("12xlarge", 48), ("16xlarge", 64), ("24xlarge", 96))
_FAMILIES = (
    ("c6i.{}", 2),
    ("c7i.{}", 2),
    ("m6i.{}", 4),
    ("m7i.{}", 4),
    ("r6i.{}", 8),
    ("r7i.{}", 8),
)
"""GiB of memory per core: the same in every size of a family."""

_SMALL = (
    MachineType(name="t3.micro", cpu=2, memory_mib=1024),
    MachineType(name="t3.small", cpu=2, memory_mib=2048),
    MachineType(name="t3.medium", cpu=2, memory_mib=4096),
)
_GPU = (
    ("g4dn.xlarge", 4, 16, 1, "T4"),
    ("g4dn.2xlarge", 8, 32, 1, "T4"),
    ("g6.xlarge", 4, 16, 1, "L4"),
    ("g5.xlarge", 4, 16, 1, "A10G"),
    ("g6.2xlarge", 8, 32, 1, "L4"),
    ("g5.2xlarge", 8, 32, 1, "A10G"),
    ("g4dn.4xlarge", 16, 64, 1, "T4"),
    ("g6.4xlarge", 16, 64, 1, "L4"),
    ("g5.4xlarge", 16, 64, 1, "A10G"),
    ("g6e.xlarge", 4, 32, 1, "L40S"),
    ("g6e.4xlarge", 16, 128, 1, "L40S"),
    ("g4dn.12xlarge", 48, 192, 4, "T4"),
    ("g6.12xlarge", 48, 192, 4, "L4"),
    ("g5.12xlarge", 48, 192, 4, "A10G"),
    ("g6e.12xlarge", 48, 384, 4, "L40S"),
    ("p3.2xlarge", 8, 61, 1, "V100"),
    ("p3.8xlarge", 32, 244, 4, "V100"),
    ("g4dn.metal", 96, 384, 8, "T4"),
    ("g6.48xlarge", 192, 768, 8, "L4"),
    ("g5.48xlarge", 192, 768, 8, "A10G"),
    ("g6e.48xlarge", 192, 1536, 8, "L40S"),
    ("p3.16xlarge", 64, 488, 8, "V100"),
    ("p4d.24xlarge", 96, 1152, 8, "A100"),
    ("p4de.24xlarge", 96, 1152, 8, "A100-80GB"),
    ("p5.48xlarge", 192, 2048, 8, "H100"),
    ("p5en.48xlarge", 192, 2048, 8, "H200"),
)


def catalogue() -> tuple[MachineType, ...]:
    """Return the types that are known here, those with less of everything first."""
    return (*_SMALL, *families(_FAMILIES, _SIZES_ON), *with_gpus(_GPU))


def fitting(resources: Resources) -> tuple[str, ...]:
    """Return types that have what is asked for, best first; raises `CapacityError`."""
    return machine_types.fitting("aws", catalogue(), resources, "name one: --instance-type NAME")


def architecture(name: str) -> str:
    """Return a type's architecture, as AWS calls it: a `g` after a family's number is Arm."""
    family = name.partition(".")[0]
    return "arm64" if re.match(r"^(a1|[a-z]+\d+g[a-z-]*)$", family) else "x86_64"


def has_gpu(name: str) -> bool:
    """Tell whether a type has NVIDIA devices: families `g4` and later, `p2` and later."""
    return re.match(r"^(g[3-9]|p[2-9])", name) is not None
