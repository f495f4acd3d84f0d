"""Drawing a metric of a sweep: with characters on a terminal, or with matplotlib into a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.sweep_view import label
from outrig.cli.table import columns_of
from outrig.cli.terminal import one_line, width
from outrig.errors import ConfigError, OutrigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrig.model.sweep import Sweep
    from outrig.sweep.results import Curve

_FORMATS = (".png", ".svg", ".pdf")
_SPARKS = "▁▂▃▄▅▆▇█"
_MOST_LABEL = 32
_MOST_NAMED = 12


def draw(sweep: Sweep, metric: str, curves: Sequence[Curve]) -> str:
    """Return a line for each case: how the metric went, or a bar, and its last value."""
    values = [point.value for curve in curves for point in curve.points]
    low, high = min(values), max(values)
    names = [one_line(label(sweep, curve.case))[:_MOST_LABEL] for curve in curves]
    widest = max(map(columns_of, names))
    room = max(10, min(60, width() - widest - 16))
    lines = [f"{metric}: {low:g} to {high:g}"]
    for name, curve in zip(names, curves, strict=True):
        points = [point.value for point in curve.points]
        if len(points) > 1:
            picture = _spark(points, low, high, room)
        else:
            picture = "█" * max(1, round(_share(points[0], min(low, 0.0), high) * room))
        gap = " " * (widest - columns_of(name))
        lines.append(f"{name}{gap}  {picture.ljust(room)}  {points[-1]:g}")
    return "\n".join(lines) + "\n"


def _spark(points: Sequence[float], low: float, high: float, room: int) -> str:
    count = min(room, len(points))
    chosen = [points[place * (len(points) - 1) // max(1, count - 1)] for place in range(count)]
    return "".join(_SPARKS[min(7, int(_share(one, low, high) * 8))] for one in chosen)


def _share(value: float, low: float, high: float) -> float:
    """Return where a value is between two others: 0 to 1."""
    return 1.0 if high == low else (value - low) / (high - low)


def draw_file(sweep: Sweep, metric: str, curves: Sequence[Curve], target: Path) -> None:
    """Draw curves into a PNG, SVG or PDF file.

    Raises `UsageError` for another kind of file, `ConfigError` when matplotlib is not installed.
    """
    if target.suffix.lower() not in _FORMATS:
        raise UsageError(f"--to {target} ends in none of {', '.join(_FORMATS)}")
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as err:
        raise ConfigError(
            "matplotlib, which draws files, is not installed", hint="pip install 'outrig[plot]'"
        ) from err
    figure = Figure(figsize=(8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if any(len(curve.points) > 1 for curve in curves):
        for curve in curves:
            steps = [point.step for point in curve.points]
            values = [point.value for point in curve.points]
            axes.plot(steps, values, label=label(sweep, curve.case))
        axes.set_xlabel("step")
        if len(curves) <= _MOST_NAMED:
            axes.legend(fontsize="small")
    else:
        numbers = [curve.case.number for curve in curves]
        axes.plot(numbers, [curve.points[0].value for curve in curves], "o")
        axes.set_xlabel("case")
    axes.set_ylabel(metric)
    axes.set_title(sweep.name)
    try:
        figure.savefig(target)
    except OSError as err:
        raise OutrigError(f"{target} cannot be written: {err.strerror}") from err
