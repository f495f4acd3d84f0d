"""What keeps a session from being scheduled, whatever room there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig_backendai.compute.record import Result, SessionStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute


def why_not_yet(
    compute: Compute, session: ComputeSession, holding: Sequence[ComputeSession]
) -> str | None:
    """Return what a session waits for besides room, `None` if for nothing."""
    if session.starts_at is not None and compute.now() < session.starts_at:
        return f"it is to start at {session.starts_at.isoformat(timespec='seconds')}"
    for ident in session.depends:
        before = compute.directory.sessions.get(ident)
        if before is not None and not _succeeded(before):
            return f"session {before.name}, which it depends on, has not succeeded yet"
    return _over_policy(compute, session, holding)


def can_never(compute: Compute, session: ComputeSession) -> str | None:
    """Return why a waiting session will never start, `None` if it may."""
    for ident in session.depends:
        before = compute.directory.sessions.get(ident)
        if before is None:
            return f"session {ident}, which it depends on, is not recorded any more"
        over = not before.status.live
        if over and not _succeeded(before):
            return f"session {before.name}, which it depends on, did not succeed"
    return None


def _succeeded(session: ComputeSession) -> bool:
    return session.status is SessionStatus.TERMINATED and session.result is Result.SUCCESS


def _over_policy(
    compute: Compute, session: ComputeSession, holding: Sequence[ComputeSession]
) -> str | None:
    keypair = compute.directory.keypairs.get(session.access_key)
    if keypair is None:
        return None
    policy = compute.directory.policies.get(keypair.policy)
    own = [one for one in holding if one.access_key == session.access_key]
    most = policy.max_concurrent_sessions
    if most and len(own) >= most:
        return f"policy {policy.name} allows {most} sessions at once"
    if policy.total_slots is not None:
        left = policy.total_slots
        for one in own:
            left = left.less(one.occupied)
        lacking = session.occupied.lacking(left)
        if lacking is not None:
            return f"policy {policy.name} allows no more {lacking} at once"
    return None
