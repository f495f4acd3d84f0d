"""What a session or a run asks of a node."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEMORY_UNITS_MIB = {
    "k": 1 / 1024,
    "m": 1.0,
    "g": 1024.0,
    "t": 1024.0 * 1024,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Slots asked for; `None` means "whatever there is".

    `cpu` counts cores (0.5 is half a core), `memory_mib` is in MiB, `gpu` counts devices and
    `gpu_type` names the wanted device (`A10G`) or is `None` for any.
    """

    cpu: float | None = None
    memory_mib: int | None = None
    gpu: float | None = None
    gpu_type: str | None = None


ANY = Resources()
"""Whatever there is."""


def parse_memory_mib(text: str) -> int:
    """Turn `512m`, `16g`, `1.5GiB` or a bare number of MiB into MiB; raises `UsageError`."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt])?(?:i?b)?", text.strip().lower())
    if match is None:
        raise UsageError(
            f'memory "{text}" is not a size', hint="write 512m, 16g or MiB as a number"
        )
    value = float(match[1]) * _MEMORY_UNITS_MIB[match[2] or "m"]
    if value < 1:
        raise UsageError(f'memory "{text}" is less than 1 MiB')
    return int(value)


def parse_resources(text: str) -> Resources:
    """Read `cpu=2,memory=512m,gpu=A10G:1`; raises `UsageError` naming the wrong part."""
    pairs: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or not value:
            raise UsageError(
                f'resources "{text}": "{part}" is not NAME=VALUE',
                hint="write cpu=2,memory=512m,gpu=1",
            )
        pairs[name.strip()] = value.strip()
    return resources_from(pairs)


def resources_from(pairs: Mapping[str, object]) -> Resources:
    """Make `Resources` of names and values as a project file or a flag gives them."""
    names = {"cpu", "memory", "mem", "gpu"}
    unknown = [name for name in pairs if name not in names]
    if unknown:
        raise UsageError(f'unknown resource "{unknown[0]}"', hint="known: cpu, memory, gpu")
    memory = pairs.get("memory", pairs.get("mem"))
    gpu_type, gpu = _gpu(pairs.get("gpu"))
    return Resources(
        cpu=_count("cpu", pairs.get("cpu")),
        memory_mib=None if memory is None else parse_memory_mib(str(memory)),
        gpu=gpu,
        gpu_type=gpu_type,
    )


def _gpu(value: object) -> tuple[str | None, float | None]:
    if value is None:
        return None, None
    kind, colon, count = str(value).rpartition(":")
    if colon:
        return kind, _count("gpu", count)
    if str(value)[:1].isdigit():
        return None, _count("gpu", value)
    return str(value), 1.0


def _count(name: str, value: object) -> float | None:
    if value is None:
        return None
    try:
        number = float(str(value))
    except ValueError:
        raise UsageError(f'{name} "{value}" is not a number') from None
    if not 0 <= number < 1e6:
        raise UsageError(f'{name} "{value}" is out of range')
    return number
