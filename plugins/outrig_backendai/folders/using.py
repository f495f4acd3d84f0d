"""Which sessions have a folder."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.errors import OutrigError
from outrig_backendai.directory.identity import caller_of
from outrig_backendai.folders.mounting import mounts_of, names_in

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.directory.database import Directory
    from outrig_backendai.directory.folders import Folder


def session_with(directory: Directory, folder: Folder) -> ComputeSession | None:
    """Return a live session, of any user, that has a folder."""
    for session in directory.sessions.holding():
        if _has(directory, session, folder):
            return session
    return None


def _has(directory: Directory, session: ComputeSession, folder: Folder) -> bool:
    asked = names_in(session.mounts)
    named = folder.name in asked or folder.id in asked
    if not named and not (folder.in_every_session and folder.created_at < session.created_at):
        return False
    keypair = directory.keypairs.get(session.access_key)
    if keypair is None:
        return False
    try:
        owner = replace(caller_of(directory, keypair), domain=session.domain, group=session.group)
        mounts = mounts_of(directory, owner, session.mounts)
    except OutrigError:
        return named
    return any(one.folder.id == folder.id for one in mounts)
