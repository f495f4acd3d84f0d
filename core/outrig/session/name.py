"""What a session may be called: its name is that of a directory under `outputs/`, and a pattern."""

from __future__ import annotations

import re

from outrig.errors import UsageError

MAX_BYTES = 200
"""So that `outputs/NAME` and `FILE.from-NAME` stay below what file systems take."""
_NAME = re.compile(r"[\w+=@][\w.+=@-]*")
_OTHER = re.compile(r"[^\w.+=@-]+")


def check_name(name: str) -> str:
    """Return a session's name if it may be one; raises `UsageError`.

    Letters and digits of any script, and `_ . + = @ -`; no `.` and no `-` in front.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f'session name "{name}" is not made of letters, digits and _ . + = @ - alone, with '
            "neither . nor - in front",
            hint=f"take another: --name {name_for(name)}",
        )
    if len(name.encode()) > MAX_BYTES:
        raise UsageError(
            f'session name "{name[:20]}…" is over {MAX_BYTES} bytes long',
            hint="give a shorter one with --name",
        )
    return name


def name_for(text: str) -> str:
    """Return the name of a session that is to be called like a project: what does not fit is `-`.

    At most 60 characters, so that what tells sessions of one command apart still fits behind it.
    """
    return _OTHER.sub("-", text)[:60].lstrip(".-").rstrip("-") or "session"
