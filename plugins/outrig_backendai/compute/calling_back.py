"""Telling a session's callback address what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outrig.errors import UsageError

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

_MOST_S = 5.0


def check_callback(url: str) -> str:
    """Return an address if it can be told something; raises `UsageError`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f'--callback-url "{url}" is no address of http or https')
    return url


def call_back(compute: Compute, session: ComputeSession) -> None:
    """Tell a session's address, if it has one, how the session stands now; trouble is said."""
    if session.callback_url is None:
        return
    from outrig.api import post_json
    from outrig_backendai.compute.happenings import event_of

    facts = {
        "type": "session_lifecycle",
        "event": event_of(session.status),
        "session_id": session.id,
        "when": session.status_changed.isoformat(),
    }
    try:
        post_json(session.callback_url, facts, _MOST_S)
    except (OSError, ValueError) as err:
        compute.outrig.observer.notice(f"{session.name}: {session.callback_url}: {err}")
