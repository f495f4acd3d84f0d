"""What came of a sweep: parameters, state, exit code, duration and metrics of every case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError, OutrigError, UsageError
from outrig.interfaces import WithMetrics
from outrig.model.session import SessionState
from outrig.model.sweep import SweepCase
from outrig.sweep.ending import keep_metrics
from outrig.sweep.metrics import Point, series
from outrig.sweep.track import WINDOW, ref_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.engine import Outrig
    from outrig.model.sweep import Sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The values of one metric in one case, one after the other."""

    case: SweepCase
    points: tuple[Point, ...]


def results(outrig: Outrig, sweep: Sweep) -> list[SweepCase]:
    """Return all cases with the metrics that they have written so far."""
    session = outrig.state.sessions.get(sweep.session_id) if sweep.session_id else None
    if session is not None and not sweep.state.ended:
        keep_metrics(outrig, sweep, session)
    return outrig.state.sweeps.cases(sweep.id)


def metric_names(cases: Sequence[SweepCase]) -> tuple[str, ...]:
    """Return the names of all metrics, in the order in which they first appear."""
    return tuple(dict.fromkeys(name for case in cases for name in case.metrics))


def sorted_by(cases: Sequence[SweepCase], names: Sequence[str], key: str) -> list[SweepCase]:
    """Return cases by a metric, a parameter or `duration`, smallest first; `-KEY` largest first.

    Cases that lack it come last. Raises `UsageError`.
    """
    name = key.removeprefix("-")
    metrics = metric_names(cases)
    if name not in (*metrics, *names, "duration", "case"):
        known = ", ".join((*metrics, *names, "duration", "case"))
        raise UsageError(f'--sort "{name}" is neither a metric nor a parameter', hint=f"{known}")

    def value(case: SweepCase) -> tuple[float, str] | None:
        if name in case.metrics:
            return case.metrics[name], ""
        if name in ("duration", "case"):
            number = case.duration_s if name == "duration" else float(case.number)
            return None if number is None else (number, "")
        text = case.params.get(name)
        return None if text is None else _sortable(text)

    has = [case for case in cases if value(case) is not None]
    lacks = [case for case in cases if value(case) is None]
    has.sort(key=lambda case: value(case) or (0.0, ""), reverse=key.startswith("-"))
    return has + lacks


def _sortable(text: str) -> tuple[float, str]:
    try:
        return float(text), ""
    except ValueError:
        return float("inf"), text


def curves(outrig: Outrig, sweep: Sweep, metric: str) -> list[Curve]:
    """Return how a metric went in each case that wrote it.

    Of a session that is gone the last values are known. Raises `NotFoundError` when no case wrote
    the metric.
    """
    cases = results(outrig, sweep)
    found = _read(outrig, sweep, cases, metric)
    for case in cases:
        if case.number not in found and metric in case.metrics:
            found[case.number] = (Point(step=0, value=case.metrics[metric]),)
    if not found:
        known = ", ".join(metric_names(cases)) or "none"
        raise NotFoundError(f'no case of {sweep.name} wrote "{metric}"', hint=f"metrics: {known}")
    return [Curve(case=one, points=found[one.number]) for one in cases if one.number in found]


def _read(
    outrig: Outrig, sweep: Sweep, cases: Sequence[SweepCase], metric: str
) -> dict[int, tuple[Point, ...]]:
    session = outrig.state.sessions.get(sweep.session_id) if sweep.session_id else None
    if session is None or session.state is not SessionState.RUNNING:
        return {}
    try:
        provider = outrig.runtime.executor(session)
        if not isinstance(provider, WithMetrics):
            return {}
        found = {}
        begun = [case for case in cases if case.started_at is not None]
        for begin in range(0, len(begun), WINDOW):
            some = begun[begin : begin + WINDOW]
            lines = provider.read_metrics(tuple(ref_of(sweep, session, one) for one in some))
            for case in some:
                points = series(lines.get(case.run_id, b""), metric)
                if points:
                    found[case.number] = points
    except OutrigError as err:
        outrig.observer.notice(f"{sweep.name}: only last values are known: {err}")
        return {}
    return found
