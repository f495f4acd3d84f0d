"""What a kernel begins with, besides its image: folders, dotfiles, a repository's credential.

A folder in a directory of this computer is shown in sessions of this computer as it is. Any other
is copied into the session when it is launched, and what changed is copied back when it ends.
"""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import OutrigError
from outrig_backendai.compute.places import is_here
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.directory.dotfiles import dotfiles_for
from outrig_backendai.directory.templates import credential
from outrig_backendai.folders.bringing import bring
from outrig_backendai.folders.mounting import HOME, KEYS, made_ready, mounts_of
from outrig_backendai.place.record import Bind
from outrig_backendai.templates.cloning import secret_files
from outrig_backendai.templates.starting import TEMPLATE

if TYPE_CHECKING:
    from outrig.api import Session
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.folders.mounting import Mount

_LAUNCHING = (SessionStatus.SCHEDULED, SessionStatus.PREPARING, SessionStatus.RESTARTING)
INSIDE = "home"
"""Where `/home/work` is below the work directory of a kernel's Outrig session."""


def binds(compute: Compute, session: ComputeSession, there: Session) -> tuple[Bind, ...]:
    """Return the folders that a kernel sees where they are.

    Once it is launched it has them, whatever became of their names and shares since.
    """
    try:
        mounts = session_mounts(compute, session)
    except OutrigError:
        if session.status not in _LAUNCHING:
            return ()
        raise
    return tuple(
        Bind(source=str(one.source), target=one.inside, read_only=one.read_only)
        for one in mounts
        if one.source is not None and is_here(compute, there)
    )


def session_mounts(compute: Compute, session: ComputeSession) -> tuple[Mount, ...]:
    """Return the folders of a session, as its owner may use them now."""
    return mounts_of(compute.directory, compute.owner_of(session), session.mounts)


def furnish(compute: Compute, session: ComputeSession, there: Session) -> str:
    """Bring a kernel what it begins with; returns shell text to run in its work directory, or "".

    Raises `OutrigError`.
    """
    mounts = session_mounts(compute, session)
    here = is_here(compute, there)
    texts = []
    for one in mounts:
        if here and one.source is not None:
            made_ready([one])
        else:
            bring(compute, there, one)
            texts.append(_ready(one))
    return "\n".join([*texts, *_put_files(compute, session, there)])


def below_work(inside: str) -> str:
    """Return where a path of a session is below its work directory on a node."""
    return INSIDE + inside[len(HOME) :]


def _ready(mount: Mount) -> str:
    """Return what makes the place of a folder that may be empty, and keeps keys to their user."""
    place = shlex.quote(below_work(mount.inside))
    is_keys = mount.inside.rpartition("/")[2] == KEYS
    return f"mkdir -p {place}" + (f" && chmod -R go-rwx {place}" if is_keys else "")


def _put_files(compute: Compute, session: ComputeSession, there: Session) -> list[str]:
    """Put dotfiles and a template's credential into a session; returns what sets permissions."""
    owner = session.access_key
    files: list[tuple[str, str, bytes]] = [
        (one.path, one.permission, one.data)
        for one in dotfiles_for(compute.directory, owner, session.domain, session.group)
    ]
    secret = credential(compute.directory, session.extra.get(TEMPLATE, ""))
    if secret is not None:
        files += [(one.path, one.permission, one.data) for one in secret_files(*secret)]
    if not files:
        return []
    with tempfile.TemporaryDirectory(prefix="outrig-dotfiles-") as made:
        for path, _, data in files:
            place = Path(made, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        compute.outrig.put_files(there, Path(made), INSIDE)
    return [f"chmod {mode} {shlex.quote(f'{INSIDE}/{path}')}" for path, mode, _ in files]
