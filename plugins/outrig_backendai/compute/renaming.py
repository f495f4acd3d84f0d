"""Giving a session another name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.errors import ConflictError
from outrig_backendai.compute.creating import check_session_name
from outrig_backendai.compute.record import SessionStatus

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute


def rename(compute: Compute, session: ComputeSession, name: str) -> ComputeSession:
    """Give a session that waits or runs another name.

    Raises `ConflictError` where it is doing something else, or another one has that name.
    """
    check_session_name(name)

    def change(one: ComputeSession) -> ComputeSession:
        if one.status is not SessionStatus.PENDING and not one.status.running:
            raise ConflictError(f'session "{one.name}" is {one.status.value}')
        return replace(one, name=name)

    return compute.directory.sessions.change(session.id, change)
