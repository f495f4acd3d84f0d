"""The cases of one `run`: every combination of what its ranges say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from outrig.errors import UsageError
from outrig_backendai.execution.ranges import Range, interpolate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_CASES = 10_000
"""Each is a session; more is taken for a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """What varies in the variables, in the build command and in the command to execute."""

    env: tuple[Range, ...] = ()
    build: tuple[Range, ...] = ()
    exec: tuple[Range, ...] = ()

    @property
    def all(self) -> tuple[Range, ...]:
        """All of them, the one that varies slowest first."""
        return (*self.env, *self.build, *self.exec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One combination. `build` and `exec` are `None` where they were not given."""

    number: int
    values: tuple[tuple[str, str], ...]
    environ: Mapping[str, str]
    build: str | None
    exec: str | None

    @property
    def label(self) -> str:
        """What is particular about it: `X=1 Y=2`."""
        return " ".join(f"{name}={value}" for name, value in self.values)


def combine(
    ranges: Ranges, environ: Mapping[str, str], build: str | None, exec: str | None
) -> tuple[Case, ...]:
    """Return all combinations, equal ones too; the first range varies slowest.

    Without any range that is one case, with all texts as they were given.
    """
    count = prod(len(one.values) for one in ranges.all)
    if count > MOST_CASES:
        raise UsageError(
            f"these ranges make {count} cases, more than {MOST_CASES}",
            hint="a sweep (outrig session execute) takes 100,000 in one session",
        )
    return tuple(
        _case(number, chosen, environ, build, exec)
        for number, chosen in enumerate(_choices(ranges))
    )


def _choices(ranges: Ranges) -> Iterator[tuple[dict[str, str], ...]]:
    """Yield the values of variables of each kind."""
    kinds = [_combinations(one) for one in (ranges.env, ranges.build, ranges.exec)]
    return product(*kinds)


def _combinations(ranges: Sequence[Range]) -> list[dict[str, str]]:
    names = [one.name for one in ranges]
    rows = product(*(one.values for one in ranges))
    return [dict(zip(names, row, strict=True)) for row in rows]


def _case(
    number: int,
    chosen: Sequence[Mapping[str, str]],
    environ: Mapping[str, str],
    build: str | None,
    exec: str | None,
) -> Case:
    env_values, build_values, exec_values = chosen
    return Case(
        number=number,
        values=tuple(pair for values in chosen for pair in values.items()),
        environ={name: interpolate(value, env_values) for name, value in environ.items()},
        build=None if build is None else interpolate(build, build_values),
        exec=None if exec is None else interpolate(exec, exec_values),
    )
