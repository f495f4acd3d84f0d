"""The options by which a command is run over many values, and what they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.definition import option
from outrig.durations import parse_duration_s
from outrig.model.resources import ANY, parse_resources
from outrig.model.sweep import SweepOptions
from outrig.sweep.due import known_dependency, parse_moment
from outrig.sweep.grid import GridOptions
from outrig.sweep.notify import check_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.cli.command import Command


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise ValueError(f"{text} is not at least 1")
    return number


def _not_negative(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(f"{text} is below 0")
    return number


GRID_OPTIONS = (
    option("preview", None, "print the cases that the values stand for, and do nothing"),
    option("zip", None, "parameters that vary together", value="NAME,NAME", repeat=True),
    option("exclude", None, "leave out such cases", value="NAME=VALUE,…", repeat=True),
    option("limit", None, "only the first N cases", value="N", type=positive),
    option("sessions", None, "a session for each case, not one for all"),
)
SWEEP_OPTIONS = (
    option("max-parallel", None, "how many cases run at once", value="N", type=positive),
    option("again", None, "run also what has succeeded before"),
    option("retries", None, "run a case that fails again", value="N", type=_not_negative),
    option(
        "backoff",
        None,
        "wait before that, twice as long each time",
        value="TIME",
        type=parse_duration_s,
    ),
    option("starts-at", None, "wait until then: 2026-12-01T08:00, or 1d2h3m4s", value="WHEN"),
    option("depends", None, "wait until this has succeeded", value="RUN", repeat=True),
    option("enqueue-only", None, "record it and return; it starts in the background"),
    option(
        "max-wait",
        None,
        "return when nothing has started by then; it stays queued",
        value="TIME",
        type=parse_duration_s,
    ),
    option("rm", None, "end the session when all is over and the outputs are back"),
    option("priority", None, "of what waits for slots, the highest is first", value="N", type=int),
    option(
        "notify",
        None,
        "tell of the end: desktop, command:WORDS, webhook:URL",
        value="TARGET",
        repeat=True,
    ),
)


def grid_options(command: Command, trials: Sequence[str]) -> GridOptions:
    """Return how the values are to be put together."""
    return GridOptions(
        together=command.texts("zip"),
        exclude=command.texts("exclude"),
        limit=command.value("limit", int),
        trials=tuple(trials),
    )


def sweep_options(command: Command, *, detached: bool) -> SweepOptions:
    """Return how the sweep is to be run; raises `UsageError`, `NotFoundError` (`--depends`)."""
    outrig = command.outrig
    starts_at, resources = command.text("starts-at"), command.text("resources")
    return SweepOptions(
        cap=command.value("max-parallel", int),
        retries=command.value("retries", int) or 0,
        backoff_s=command.value("backoff", float) or 0.0,
        timeout_s=command.value("timeout", float),
        starts_at=None if starts_at is None else parse_moment(starts_at, outrig.runtime.clock()),
        depends=tuple(known_dependency(outrig, one) for one in command.texts("depends")),
        priority=command.value("priority", int) or 0,
        resources=ANY if resources is None else parse_resources(resources),
        pull=not command.flag("no-pull"),
        remove=command.flag("rm"),
        notify=tuple(check_target(one) for one in command.texts("notify")),
        detached=detached,
    )


def wants_sweep(command: Command) -> bool:
    """Tell whether an option was given that only sweeps have."""
    return any(command.was_given(one.name) for one in SWEEP_OPTIONS)
