"""What sessions use, as `session list --detail` shows it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import OutrigError
from outrig.session.execute import refresh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.model.run import Run
    from outrig.model.session import Session
    from outrig.session.runtime import Runtime

_AT_ONCE = 16
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionUsage:
    """What the runs of a session use, and for how long nothing was done in it.

    `cpu_s` are the CPU seconds of all its runs, `memory_bytes` what those hold that are running,
    `peak_memory_bytes` the most that one run held. `idle_s` is `None` while
    something runs or waits.
    """

    cpu_s: float = 0.0
    memory_bytes: int = 0
    peak_memory_bytes: int = 0
    idle_s: float | None = None


def usages(runtime: Runtime, session_ids: Sequence[str]) -> dict[str, SessionUsage]:
    """Return what each of the sessions uses; their nodes are asked at the same time."""
    from concurrent.futures import ThreadPoolExecutor

    found = [runtime.state.sessions.get(one) for one in session_ids]
    sessions = [one for one in found if one is not None]
    with ThreadPoolExecutor(min(_AT_ONCE, len(sessions) or 1)) as pool:
        used = pool.map(lambda one: session_usage(runtime, one), sessions)
        return {one.id: usage for one, usage in zip(sessions, used, strict=True)}


def session_usage(runtime: Runtime, session: Session) -> SessionUsage:
    """Ask the nodes about the runs that go on, and add up; what is silent counts as recorded."""
    runs = runtime.state.runs.of_session(session.id)
    with suppress(OutrigError):
        runs = refresh(runtime, session, runs)
    used = [run.state.usage for run in runs if run.state.usage is not None]
    live = [run.state.usage for run in runs if run.state.usage and not run.state.status.ended]
    return SessionUsage(
        cpu_s=round(sum(one.cpu_s for one in used), 2),
        memory_bytes=int(sum(one.memory_mib or 0.0 for one in live) * _MIB),
        peak_memory_bytes=int(max((one.peak_memory_mib for one in used), default=0.0) * _MIB),
        idle_s=_idle_s(runtime, session, runs),
    )


def _idle_s(runtime: Runtime, session: Session, runs: Sequence[Run]) -> float | None:
    """Idle time counts from the last run's end, or from when the session was last put to use."""
    if session.state.ended or any(not run.state.status.ended for run in runs):
        return None
    ends = [run.state.ended_at for run in runs if run.state.ended_at is not None]
    return max(0.0, (runtime.clock() - max([session.used_at, *ends])).total_seconds())
