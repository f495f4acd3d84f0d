"""Machine types that fit what a session asks for, smallest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cloud import machine_types
from outrig.cloud.machine_types import MachineType, families, with_gpus

if TYPE_CHECKING:
    from outrig.api import Resources

_SMALL = (
    MachineType(name="e2-micro", cpu=2, memory_mib=1024),
    MachineType(name="e2-small", cpu=2, memory_mib=2048),
    MachineType(name="e2-medium", cpu=2, memory_mib=4096),
)
_SIZES = tuple((str(cpu), cpu) for cpu in (2, 4, 8, 16, 32, 48, 64, 80))
_E2_SIZES = tuple((str(cpu), cpu) for cpu in (2, 4, 8, 16, 32))
_E2 = (("e2-standard-{}", 4.0),)
_N2 = (("n2-highcpu-{}", 1.0), ("n2-standard-{}", 4.0), ("n2-highmem-{}", 8.0))
_GPU = (
    ("n1-standard-4+nvidia-tesla-t4:1", 4, 15, 1, "T4"),
    ("g2-standard-4", 4, 16, 1, "L4"),
    ("n1-standard-8+nvidia-tesla-t4:1", 8, 30, 1, "T4"),
    ("g2-standard-8", 8, 32, 1, "L4"),
    ("n1-standard-8+nvidia-tesla-v100:1", 8, 30, 1, "V100"),
    ("n1-standard-16+nvidia-tesla-t4:1", 16, 60, 1, "T4"),
    ("g2-standard-16", 16, 64, 1, "L4"),
    ("a2-highgpu-1g", 12, 85, 1, "A100"),
    ("a2-ultragpu-1g", 12, 170, 1, "A100-80GB"),
    ("g2-standard-32", 32, 128, 1, "L4"),
    ("n1-standard-16+nvidia-tesla-t4:2", 16, 60, 2, "T4"),
    ("g2-standard-24", 24, 96, 2, "L4"),
    ("a2-highgpu-2g", 24, 170, 2, "A100"),
    ("a2-ultragpu-2g", 24, 340, 2, "A100-80GB"),
    ("n1-standard-32+nvidia-tesla-t4:4", 32, 120, 4, "T4"),
    ("g2-standard-48", 48, 192, 4, "L4"),
    ("a2-highgpu-4g", 48, 340, 4, "A100"),
    ("a2-ultragpu-4g", 48, 680, 4, "A100-80GB"),
    ("g2-standard-96", 96, 384, 8, "L4"),
    ("a2-highgpu-8g", 96, 680, 8, "A100"),
    ("a2-ultragpu-8g", 96, 1360, 8, "A100-80GB"),
    ("a3-highgpu-8g", 208, 1872, 8, "H100"),
    ("a3-ultragpu-8g", 224, 2952, 8, "H200"),
)
_WITH_GPUS = ("a2-", "a3-", "a4-", "a4x-", "g2-", "g4-")
_ARM = ("t2a-", "c4a-", "n4a-", "a4x-")
_HYPERDISK = ("a3-ultragpu-", "a4-", "a4x-", "c4-", "c4a-", "c4d-", "g4-", "m4-", "n4-", "x4-")


def catalogue() -> tuple[MachineType, ...]:
    """Return the types that are known here, those with less of everything first."""
    plain = [*families(_E2, _E2_SIZES), *families(_N2, _SIZES)]
    # Of two types that have the same, the cheaper family stands first.
    plain.sort(key=lambda one: (one.cpu, one.memory_mib))
    return (*_SMALL, *plain, *with_gpus(_GPU))


def fitting(resources: Resources) -> tuple[str, ...]:
    """Return types that have what is asked for, best first; raises `CapacityError`."""
    return machine_types.fitting("gcp", catalogue(), resources, "name one: --machine-type NAME")


def architecture(name: str) -> str:
    """Return a type's architecture, as images have it."""
    return "ARM64" if name.startswith(_ARM) else "X86_64"


def has_gpu(name: str) -> bool:
    """Tell whether a type comes with GPUs, or has some beside it (`+nvidia-tesla-t4:1`)."""
    return "+" in name or name.startswith(_WITH_GPUS)


def accelerators(name: str) -> list[dict[str, object]]:
    """Return the GPUs that are asked for beside a type, as the API takes them."""
    _, mark, gpu = name.partition("+")
    kind, _, count = gpu.partition(":")
    return [{"acceleratorType": kind, "acceleratorCount": int(count or 1)}] if mark else []


def disk_type(name: str) -> str:
    """Return the kind of root disk that a type takes."""
    return "hyperdisk-balanced" if name.startswith(_HYPERDISK) else "pd-balanced"
