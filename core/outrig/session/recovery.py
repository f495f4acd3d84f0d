"""Going on where a provider took a session's nodes back, as the session's policy says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError, RemoteError
from outrig.interfaces import OwnsResources
from outrig.model.project import Compute
from outrig.model.session import SessionState
from outrig.session.upkeep import notice_end

if TYPE_CHECKING:
    from outrig.engine import Outrig
    from outrig.model.session import Session
    from outrig.session.requests import StartRequest


_HALF_WAY = (SessionState.RESTARTING, SessionState.PREPARING)


def recover(outrig: Outrig, session: Session, lost: RemoteError) -> Session:
    """Return a session whose nodes did not answer as it now stands, with new nodes if it gets some.

    Raises `lost` when nothing was taken back, and what keeps new nodes from coming.
    """
    runtime = outrig.runtime
    if not isinstance(runtime.provider(session), OwnsResources):
        raise lost
    with runtime.hold(session) as now:
        now = notice_end(runtime, now)
    if now.state in _HALF_WAY:  # as nobody else holds it, nobody else will bring it up
        runtime.observer.notice(f"{now.name}: {now.error or 'its start died'}; starting it again")
        return outrig.start(request_again(outrig, now))
    same = {node.id for node in now.nodes} == {node.id for node in session.nodes}
    if now.state is SessionState.RUNNING and not same:
        return now
    if now.state is SessionState.SUSPENDED or now.state.ended:
        return now  # what ran there is recorded as over
    raise lost


def request_again(outrig: Outrig, session: Session) -> StartRequest:
    """Return what brings a session back as it was: where, as large, with its last snapshot.

    Raises `NotFoundError` when that was deleted.
    """
    info = outrig.snapshots.find(session.snapshot_id or "")
    if info is None:
        raise NotFoundError(
            f'the snapshot of session "{session.name}" was deleted',
            hint=f"start it with another: outrig session start --name {session.name}",
        )
    project = outrig.project_of(info, session.project_root)
    compute = Compute(
        provider=session.provider,
        count=len(session.nodes) or None,
        resources=session.resources,
        settings=tuple(session.settings.items()),
    )
    request = outrig.request(project, snapshot=info, name=session.name, compute=compute)
    return replace(request, project_id=session.project_id, cluster=session.cluster)
