"""Finding sessions by name, pattern or use."""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from outrig.errors import ConflictError, NotFoundError
from outrig.model.session import SessionState
from outrig.session.lock import is_locked

if TYPE_CHECKING:
    from outrig.model.run import Run
    from outrig.model.session import Session
    from outrig.session.runtime import Runtime

_STARTING = (SessionState.PENDING, SessionState.PREPARING, SessionState.PULLING)


def find_sessions(runtime: Runtime, project_id: str | None, pattern: str | None) -> list[Session]:
    """Return the live sessions a shell pattern names; without one, the session used last.

    `project_id` `None` looks in all projects. Raises `NotFoundError`, naming what there is.
    """
    live = runtime.state.sessions.select(project_id)
    if pattern is None:
        if not live:
            raise NotFoundError("there is no session", hint="start one: outrig session start")
        return [max(live, key=lambda one: (one.used_at, one.id))]
    exact = [one for one in live if one.name == pattern]
    found = exact or [one for one in live if fnmatchcase(one.name, pattern)]
    if found:
        return found
    names = sorted({one.name for one in live})
    near = difflib.get_close_matches(pattern, names, 1)
    hint = f'did you mean "{near[0]}"?' if near else _there_are(names)
    raise NotFoundError(f'no session matches "{pattern}"', hint=hint)


def find_session(runtime: Runtime, project_id: str | None, pattern: str | None) -> Session:
    """Return the one session a pattern names; raises `NotFoundError` when there are several."""
    found = find_sessions(runtime, project_id, pattern)
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise NotFoundError(f'several sessions match "{pattern}": {names}', hint="name one")
    return found[0]


def find_run(runtime: Runtime, prefix: str) -> tuple[Session, Run]:
    """Return the one run whose id begins with `prefix`, and its session; raises `NotFoundError`."""
    found = runtime.state.runs.get(prefix)
    if len(found) != 1:
        what = f'several runs begin with "{prefix}"' if found else f'there is no run "{prefix}"'
        raise NotFoundError(what, hint="see: outrig run list")
    session = runtime.state.sessions.get(found[0].session_id)
    if session is None:
        raise NotFoundError(f'the session of run "{prefix}" is not recorded')
    return session, found[0]


def require_running(session: Session, *, resume: str = "session start --name") -> None:
    """Raise `ConflictError` when nothing can be done in a session as it stands.

    `resume` are the words of the command, before the session's name, that would change that.
    """
    if session.state is not SessionState.RUNNING:
        raise ConflictError(
            f'session "{session.name}" is {session.state.value}, not RUNNING',
            hint=f"resume it: outrig {resume} {session.name}",
        )


def is_interrupted(runtime: Runtime, session: Session) -> bool:
    """Return whether a start died half way: no process works on it any more."""
    return session.state in _STARTING and not is_locked(runtime.state.directory, session.id)


def _there_are(names: list[str]) -> str:
    if not names:
        return "there is none; start one: outrig session start"
    shown = ", ".join(names[:10])
    return f"there are: {shown}{' …' if len(names) > 10 else ''}"
