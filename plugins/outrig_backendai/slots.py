"""Slots: what a session holds of an agent, and sizes as users write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMES = ("cpu", "mem", "cuda.device", "cuda.shares")
OTHER_NAMES = {"memory": "mem", "gpu": "cuda.device"}
_UNITS = "kmgtpezy"
_SIZE = re.compile(
    r"(?P<number>\d[\d_]*(?:\.\d+)?|\.\d+)\s*(?P<unit>[kmgtpezy])?(?:i?b|bytes?)?",
    re.IGNORECASE | re.ASCII,
)
_MIB = 1 << 20
_LARGEST = float(1 << 62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """Cores, memory in bytes, whole devices, and shares of devices (0.5 is half of one)."""

    cpu: float = 0.0
    mem: int = 0
    cuda_device: float = 0.0
    cuda_shares: float = 0.0

    @property
    def devices(self) -> float:
        """Devices in all: whole ones and shares."""
        return self.cuda_device + self.cuda_shares

    def __add__(self, other: Slots) -> Slots:
        return Slots(
            cpu=round(self.cpu + other.cpu, 6),
            mem=self.mem + other.mem,
            cuda_device=round(self.cuda_device + other.cuda_device, 6),
            cuda_shares=round(self.cuda_shares + other.cuda_shares, 6),
        )

    def times(self, count: int) -> Slots:
        """Return so many times these."""
        return total([self] * count)

    def lacking(self, free: Slots) -> str | None:
        """Return the name of the slot of which `free` has too little, if there is one."""
        pairs = (
            ("cpu", self.cpu, free.cpu),
            ("mem", self.mem, free.mem),
            ("cuda", self.devices, free.devices),
        )
        return next((name for name, want, have in pairs if want > have + 1e-6), None)

    def less(self, held: Slots) -> Slots:
        """Return what is left when `held` is taken; devices count together."""
        return Slots(
            cpu=round(self.cpu - held.cpu, 6),
            mem=self.mem - held.mem,
            cuda_device=round(self.devices - held.devices, 6),
        )

    def pairs(self) -> dict[str, str]:
        """Return what is not nothing by its name, as slots are written in records."""
        named = zip(NAMES, (self.cpu, self.mem, self.cuda_device, self.cuda_shares), strict=True)
        return {name: _plain(value) for name, value in named if value}


NONE = Slots()
"""No slots at all."""


def total(several: Iterable[Slots]) -> Slots:
    """Return the sum of slots."""
    result = Slots()
    for one in several:
        result += one
    return result


def slots_from(pairs: Mapping[str, object], default: Slots | None = None) -> Slots:
    """Make slots of names and values as users give them; raises `UsageError`.

    `memory` is `mem`, `gpu` is `cuda.device`; a bare number of memory is MiB. What is not named is
    as in `default`.
    """
    base = default or Slots()
    known: dict[str, object] = {}
    for name, value in pairs.items():
        slot = OTHER_NAMES.get(name, name)
        if slot not in NAMES:
            raise UsageError(
                f"Unknown requested resource slot: {name}", hint=f"known: {', '.join(NAMES)}"
            )
        known[slot] = value
    return Slots(
        cpu=_count("cpu", known["cpu"]) if "cpu" in known else base.cpu,
        mem=parse_size(str(known["mem"]), bare=_MIB) if "mem" in known else base.mem,
        cuda_device=_devices(known["cuda.device"]) if "cuda.device" in known else base.cuda_device,
        cuda_shares=_count("cuda.shares", known["cuda.shares"])
        if "cuda.shares" in known
        else base.cuda_shares,
    )


def recorded_slots(pairs: Mapping[str, object]) -> Slots:
    """Return slots as `Slots.pairs` gave them: memory is in bytes."""
    return Slots(
        cpu=float(str(pairs.get("cpu", 0))),
        mem=int(str(pairs.get("mem", 0))),
        cuda_device=float(str(pairs.get("cuda.device", 0))),
        cuda_shares=float(str(pairs.get("cuda.shares", 0))),
    )


def parse_size(text: str, *, bare: int = 1) -> int:
    """Turn `512m`, `16g`, `1.5GiB` or `64 bytes` into bytes; a number alone counts `bare` bytes.

    Units are binary, letters may be of either case, `_` between digits is passed over. Raises
    `UsageError`.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f'"{text}" is not a size', hint="write 512m, 16g or 1.5GiB")
    number = float(match["number"].replace("_", ""))
    unit = match["unit"]
    plain = match[0] == match["number"]
    factor = bare if plain else 1024 ** (_UNITS.index(unit.lower()) + 1) if unit else 1
    if number * factor > _LARGEST:
        raise UsageError(f'size "{text}" is out of range')
    return int(number * factor)


def format_size(size_bytes: int) -> str:
    """Return a size as listings show it: `1.0G`."""
    value, unit = float(size_bytes), ""
    for letter in ("K", "M", "G", "T", "P", "E"):
        if value < 1024:
            break
        value, unit = value / 1024, letter
    return f"{value:.1f}{unit}" if unit else str(size_bytes)


def _count(name: str, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        raise UsageError(f'{name}: "{value}" is not a number') from None
    if not 0 <= number < 1e6:
        raise UsageError(f'{name}: "{value}" is out of range')
    return number


def _plain(value: float) -> str:
    return f"{value:g}" if value % 1 else str(int(value))


def _devices(value: object) -> float:
    number = _count("cuda.device", value)
    if number % 1:
        raise UsageError(
            f'cuda.device: "{value}" is not a whole number', hint="for a part: cuda.shares=0.5"
        )
    return number
