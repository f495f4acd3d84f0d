"""What a sweep waits for before it starts: a time, and other runs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from outrig.durations import parse_duration_s
from outrig.errors import NotFoundError, UsageError
from outrig.model.run import RunStatus
from outrig.model.sweep import SweepState

if TYPE_CHECKING:
    from outrig.engine import Outrig
    from outrig.model.sweep import Sweep

_SPAN = re.compile(r"\+?[\d.]+[a-z\d.]*", re.IGNORECASE)


def parse_moment(text: str, now: datetime) -> datetime:
    """Turn `2026-12-01T08:00`, or a length of time from `now`, into a moment in UTC.

    A date without a zone is in the zone of this computer. Raises `UsageError`.
    """
    word = text.strip()
    try:
        moment = datetime.fromisoformat(word) if "-" in word or ":" in word else None
    except ValueError:
        moment = None
    if moment is not None:
        return moment.astimezone(UTC)
    if not _SPAN.fullmatch(word):
        raise UsageError(
            f'"{text}" is no moment', hint="write 2026-12-01T08:00, or 1d2h3m4s from now"
        )
    return now + timedelta(seconds=parse_duration_s(word.removeprefix("+")))


def is_due(outrig: Outrig, sweep: Sweep) -> bool:
    """Tell whether a sweep may start now."""
    options = sweep.options
    if options.starts_at is not None and outrig.runtime.clock() < options.starts_at:
        return False
    return all(_stands(outrig, one) is RunStatus.SUCCEEDED for one in options.depends)


def blocked_by(outrig: Outrig, sweep: Sweep) -> str | None:
    """Return why a sweep can never start, `None` when it still may."""
    for one in sweep.options.depends:
        try:
            status = _stands(outrig, one)
        except NotFoundError:
            return f"{one}, which it depends on, is not recorded any more"
        if status.ended and status is not RunStatus.SUCCEEDED:
            found = outrig.state.sweeps.get(one)
            name = f"run {one}" if found is None else found.name
            return f"{name}, which it depends on, is {status.value}"
    return None


def known_dependency(outrig: Outrig, name: str) -> str:
    """Return the id of the run or sweep that a user names; raises `NotFoundError`."""
    from outrig.sweep.find import find_sweep

    try:
        return outrig.run(name)[1].id
    except NotFoundError:
        pass
    try:
        return find_sweep(outrig, outrig.here(), name).id
    except NotFoundError as err:
        raise NotFoundError(
            f'no run and no sweep is called "{name}"', hint="see: outrig run list, sweep list"
        ) from err


def _stands(outrig: Outrig, dependency: str) -> RunStatus:
    sweep = outrig.state.sweeps.get(dependency)
    if sweep is not None:
        if not sweep.state.ended:
            return RunStatus.RUNNING
        done = sweep.state is SweepState.SUCCEEDED
        return RunStatus.SUCCEEDED if done else RunStatus(sweep.state.value)
    session, run = outrig.run(dependency)
    if run.state.status.ended:
        return run.state.status
    fresh = {one.id: one for one in outrig.refresh(session)}
    return fresh[run.id].state.status
