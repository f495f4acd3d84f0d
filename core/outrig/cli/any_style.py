"""Listings as the `any` client printed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from outrig.engine import Outrig
    from outrig.model.session import Session
    from outrig.state.overview import SessionSummary


def stamp(moment: datetime) -> str:
    """Return a time as `any` wrote it: UTC, without a zone, to the microsecond."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def session_label(session: Session | SessionSummary) -> str:
    """Return `Session(name=… created_at=…)`."""
    return f"Session(name={session.name} created_at={stamp(session.created_at)})"


def snapshot_label(name: str, created_at: datetime) -> str:
    """Return `Snapshot(name=… created_at=…)`."""
    return f"Snapshot(name={name} created_at={stamp(created_at)})"


def session_lines(
    sessions: Iterable[SessionSummary], active: SessionSummary | None
) -> Iterator[str]:
    """Yield the lines of `any session list`."""
    yield "Project sessions:"
    for session in sessions:
        mark = "*" if active is not None and session.id == active.id else " "
        yield f"{mark}{session_label(session)}"


def session_story(outrig: Outrig, session: Session) -> Iterator[str]:
    """Yield which snapshots were put on a session, and which commands were run in it."""
    label = session_label(session)
    yield f"Snapshots applied to {label}"
    for one in outrig.applied(session):
        yield f" {stamp(one.time)}: {snapshot_label(one.name, one.created_at)}"
    yield f"Commands run during {label}"
    for run in reversed(outrig.runs(session)):
        yield f" {stamp(run.created_at)}: '{run.script.strip()}'"
