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
_T4 = ((4, 1), (8, 1), (16, 1), (16, 2), (32, 4))
_G2 = ((4, 1), (8, 1), (12, 1), (16, 1), (32, 1), (24, 2), (48, 4), (96, 8))
"""Cores and GPUs that go together."""
_A2 = (("highgpu", 85, "A100"), ("ultragpu", 170, "A100-80GB"))
_GPU = (
    *((f"n1-standard-{cpu}+nvidia-tesla-t4:{n}", cpu, cpu * 15 // 4, n, "T4") for cpu, n in _T4),
    *((f"g2-standard-{cpu}", cpu, cpu * 4, gpus, "L4") for cpu, gpus in _G2),
    *((f"a2-{kind}-{n}g", 12 * n, n * ram, n, gpu) for n in (1, 2, 4, 8) for kind, ram, gpu in _A2),
    ("n1-standard-8+nvidia-tesla-v100:1", 8, 30, 1, "V100"),
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
    return (*_SMALL, *plain, *sorted(with_gpus(_GPU), key=lambda one: (one.gpu, one.cpu)))


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
