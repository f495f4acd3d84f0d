"""Which sessions are listed, and all that may be said of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import AuthError
from outrig_backendai.compute.record import ComputeSession, SessionStatus
from outrig_backendai.directory.sessions import SessionFilter
from outrig_backendai.listing.field import Field
from outrig_backendai.listing.filtering import matching, ordered
from outrig_backendai.listing.page import Page, cut
from outrig_backendai.listing.session_fields import ASKING, FIELDS, ListedSession, Used

if TYPE_CHECKING:
    from outrig_backendai.compute.sessions import Compute

EVERYBODY = "*"
_MIB = 1024 * 1024
RUNNING = (
    SessionStatus.PREPARING,
    SessionStatus.PULLING,
    SessionStatus.RUNNING,
    SessionStatus.RUNNING_DEGRADED,
)
DEAD = (SessionStatus.CANCELLED, SessionStatus.TERMINATED)
USUAL = tuple(one for one in SessionStatus if one not in DEAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionQuery:
    """What `ps` asks for. `access_key` `*` is everybody's, `None` the caller's own."""

    statuses: Sequence[SessionStatus] = USUAL
    access_key: str | None = None
    filter: str | None = None
    order: str | None = None
    offset: int = 0
    limit: int | None = None
    fields: Sequence[Field[ListedSession]] = ()


def list_sessions(compute: Compute, query: SessionQuery) -> Page[ListedSession]:
    """Return sessions as they are now, newest change first unless another order is asked for."""
    compute.settle()
    compute.wake()
    own = compute.caller.access_key
    key = query.access_key or own
    if key != own and not compute.caller.is_superadmin:
        raise AuthError("only administrators list the sessions of others")
    wanted = SessionFilter(
        access_key=None if key == EVERYBODY else key, statuses=tuple(query.statuses)
    )
    found = [ListedSession(session=one) for one in compute.directory.sessions.select(wanted)]
    found = ordered(matching(found, query.filter, FIELDS), query.order, FIELDS)
    page = cut(found, query.offset, query.limit)
    if not any(one.name in ASKING for one in query.fields):
        return page
    return Page([_asked(compute, one.session) for one in page.records], page.total, page.offset)


def one_session(compute: Compute, session: ComputeSession) -> ListedSession:
    """Return all that is known of a session, its node asked."""
    return _asked(compute, session)


def _asked(compute: Compute, session: ComputeSession) -> ListedSession:
    """Ask the nodes of a session what it uses."""
    ids = [one.outrig_session_id for one in session.kernels if one.outrig_session_id is not None]
    usages = compute.outrig.usages(ids).values() if ids else ()
    if not usages:
        return ListedSession(session=session)
    idle = [one.idle_s for one in usages]
    used = Used(
        memory_mib=round(sum(one.memory_bytes for one in usages) / _MIB, 1),
        most_memory_mib=round(max(one.peak_memory_bytes for one in usages) / _MIB, 1),
        cpu_s=sum(one.cpu_s for one in usages),
        idle_s=None if None in idle else min(one or 0.0 for one in idle),
    )
    return ListedSession(session=session, used=used)
