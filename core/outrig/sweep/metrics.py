"""What runs measured of themselves, out of the lines they wrote."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_NAMES = 200
_MOST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value of a metric; `step` counts from 0 where the run did not say."""

    step: float
    value: float


def last_values(data: bytes) -> dict[str, float]:
    """Return the last value of every metric; lines that are none are passed over."""
    found: dict[str, float] = {}
    for name, _, value in _lines(data):
        if name in found or len(found) < _MOST_NAMES:
            found[name] = value
    return found


def series(data: bytes, wanted: str) -> tuple[Point, ...]:
    """Return all values of one metric, in the order in which they were written."""
    points: list[Point] = []
    for name, step, value in _lines(data):
        if name == wanted:
            points.append(Point(step=len(points) if step is None else step, value=value))
    return tuple(points)


def _lines(data: bytes) -> Iterator[tuple[str, float | None, float]]:
    """Yield name, step and value; it is data of a run, and may be anything.

    A line is one value, `{"name": "loss", "value": 0.3, "step": 1}`, or several by their names,
    `{"loss": 0.3, "step": 1}`.
    """
    for line in data.splitlines():
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(fields, dict):
            continue
        step = _number(fields.get("step"))
        named = "name" in fields and "value" in fields
        pairs = ((fields["name"], fields["value"]),) if named else fields.items()
        for name, given in pairs:
            value = _number(given)
            if value is None or not isinstance(name, str) or len(name) > _MOST_NAME:
                continue
            if named or name != "step":
                yield name, step, value


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
