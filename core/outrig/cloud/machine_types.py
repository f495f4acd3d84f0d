"""Types of machines that fit what a session asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import CapacityError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrig.model.resources import Resources

MOST = 6
"""How many types are tried when none was named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineType:
    """A type of machine: cores, MiB, and what GPUs it has."""

    name: str
    cpu: int
    memory_mib: int
    gpu: int = 0
    gpu_type: str = ""


def families(
    known: Iterable[tuple[str, float]], sizes: Iterable[tuple[str, int]]
) -> list[MachineType]:
    """Return the types of families (a pattern of names, GiB per core) in sizes (name, cores).

    Those with less of everything come first.
    """
    made = [
        MachineType(name=pattern.format(size), cpu=cpu, memory_mib=int(cpu * ratio * 1024))
        for size, cpu in sizes
        for pattern, ratio in known
    ]
    return sorted(made, key=lambda one: (one.cpu, one.memory_mib))


def with_gpus(rows: Iterable[tuple[str, int, int, int, str]]) -> list[MachineType]:
    """Return types with GPUs: name, cores, GiB, GPUs, their kind."""
    return [
        MachineType(name=name, cpu=cpu, memory_mib=memory * 1024, gpu=gpu, gpu_type=kind)
        for name, cpu, memory, gpu, kind in rows
    ]


def fitting(
    provider: str, catalogue: Iterable[MachineType], resources: Resources, hint: str
) -> tuple[str, ...]:
    """Return types that have what is asked for, best first; raises `CapacityError`.

    The catalogue is in the order of preference. Where nothing is asked for it is a general one of
    two cores and 8 GiB. A GPU's name is compared without case and marks.
    """
    cpu, memory = resources.cpu or 0.0, resources.memory_mib or 0
    if not cpu and not memory and not resources.gpu:
        cpu, memory = 2.0, 8192
    found = [
        one.name
        for one in catalogue
        if one.cpu >= cpu
        and one.memory_mib >= memory
        and one.gpu >= (resources.gpu or 0)
        and (one.gpu > 0) == bool(resources.gpu)
        and (resources.gpu_type is None or same_gpu(resources.gpu_type, one.gpu_type))
    ]
    if not found:
        raise CapacityError(
            f"{provider}: no type that is known here has what is asked for", hint=hint
        )
    return tuple(found[:MOST])


def same_gpu(one: str, other: str) -> bool:
    """Tell whether two names mean one kind of GPU: `nvidia-a10g`, `A10G`."""

    def plain(text: str) -> str:
        name = re.sub(r"[^a-z0-9]", "", text.lower()).removeprefix("nvidia")
        return name.removeprefix("tesla")

    return plain(one) == plain(other)
