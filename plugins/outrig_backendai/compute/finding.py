"""Which session is meant: by its id, its name, or what one of them begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.errors import AuthError, NotFoundError
from outrig_backendai.directory.sessions import SessionFilter

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

_MOST_SHOWN = 10


def find(
    compute: Compute, reference: str, owner: str | None = None, *, live: bool = True
) -> ComputeSession:
    """Return the one session that is meant; raises `NotFoundError`, naming what there is."""
    own = compute.caller.access_key
    if owner is not None and owner != own and not compute.caller.is_superadmin:
        raise AuthError("only administrators look at sessions of other owners")
    sessions = compute.directory.sessions.select(SessionFilter(access_key=owner or own))
    found = _matching(sessions, reference)
    if live and len(found) > 1:
        found = [one for one in found if not one.status.ended]
    if len(found) > 1:
        shown = ", ".join(
            f"{one.id} ({one.name}, {one.status.value})" for one in found[:_MOST_SHOWN]
        )
        raise NotFoundError(f'several sessions begin with "{reference}": {shown}', hint="name one")
    if found and live and found[0].status.ended:
        raise NotFoundError(
            f'session "{found[0].name}" is {found[0].status.value}', hint="see: outrig bai ps"
        )
    if found:
        return found[0]
    hint = "see: outrig bai ps"
    if owner is None and compute.caller.is_superadmin:
        hint += "; of another owner: -o ACCESS_KEY"
    raise NotFoundError(f'there is no session "{reference}"', hint=hint)


def _matching(sessions: list[ComputeSession], reference: str) -> list[ComputeSession]:
    """Return the session of that id or name, a live one first, else those that begin so.

    A whole name never means another session that only begins with it, also when its own is over.
    """
    same = [one for one in sessions if reference in (one.id, one.name)]
    if same:
        return ([one for one in same if one.status.live] or same)[:1]
    return [
        one
        for one in sessions
        if reference and (one.id.startswith(reference) or one.name.startswith(reference))
    ]
