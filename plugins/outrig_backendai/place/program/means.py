"""By which means a session's inside is made: the best one that works on this node."""

from __future__ import annotations

import json
import os

from outrig_backendai.place.program.bubble import try_bubble
from outrig_backendai.place.program.record import Wrong, read_fields, write_text
from outrig_backendai.place.program.room import Room
from outrig_backendai.place.program.system import Kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig_backendai.place.program.record import Inside
    from outrig_backendai.place.program.worker import Worker

NAMED, MASK, NOBODY = 0x02, 0x10, 0xFFFFFFFF
"""Kinds of entries of an access list, and the id of those that are about no user."""
NAMESPACES, BUBBLE, IMAGE, OPEN = "namespaces", "bubblewrap", "container", "directory"


def choose_means(inside: Inside, worker: Worker) -> tuple[str, str]:
    """Return the means of a session and why no better one; a room is held open where it can be.

    Raises `Wrong` for means that were asked for by name and do not work.
    """
    if inside.image:
        return IMAGE, ""
    wanted = inside.means
    reason = ""
    if wanted in ("", NAMESPACES):
        reason = try_room(inside, worker)
        if not reason:
            return NAMESPACES, ""
    if wanted in ("", BUBBLE) and not worker.dropped:
        problem = try_bubble(inside)
        if not problem:
            return BUBBLE, reason
        reason = "; ".join(filter(None, (reason, problem)))
    if wanted not in ("", OPEN):
        raise Wrong("%s does not work on this node: %s" % (wanted, reason))
    return OPEN, reason


def try_room(inside: Inside, worker: Worker) -> str:
    """Hold the session's room open; returns what keeps that from working, empty if nothing."""
    try:
        Room(inside, worker, Kernel()).hold()
    except OSError as error:
        about = " (%s)" % error.filename if error.filename else ""
        return "no namespaces: %s%s" % (error.strerror, about)
    return ""


def note_means(inside: Inside, means: str, reason: str) -> None:
    write_text(inside.own("means"), json.dumps({"means": means, "reason": reason}))


def known_means(inside: Inside) -> str:
    """Return the means that were chosen when the session was set up; raises `Wrong`."""
    means = read_fields(inside.own("means")).get("means")
    if not means:
        raise Wrong("this session was not set up (%s)" % inside.work)
    return str(means)


def open_the_way(path: str, worker: Worker) -> None:
    """Let the worker pass the directories that lead to the session's; raises `Wrong`.

    Only where a session is entered by its path on the node, by root for another user.
    """
    parts = path.split("/")
    for count in range(2, len(parts)):
        above = "/".join(parts[:count])
        if not worker.dropped or os.stat(above).st_mode & 0o001:
            continue
        try:
            let_pass(above, worker.uid)
        except OSError as error:
            raise Wrong(
                "the work user %d may not pass %s: %s" % (worker.uid, above, error.strerror)
            ) from None


def let_pass(directory: str, uid: int) -> None:
    """Let one more user pass a directory, by its access list (acl(5)); its mode stays."""
    import struct

    name, each = "system.posix_acl_access", struct.Struct("<HHI")
    mode = os.stat(directory).st_mode
    try:
        known = [*each.iter_unpack(os.getxattr(directory, name)[4:])]
    except OSError:
        known = [(1, mode >> 6 & 7, NOBODY), (4, mode >> 3 & 7, NOBODY), (32, mode & 7, NOBODY)]
    mask = next((one[1] for one in known if one[0] == MASK), mode >> 3 & 7)
    entries = [one for one in known if one[0] != MASK and (one[0], one[2]) != (NAMED, uid)]
    entries = sorted([*entries, (NAMED, 1, uid), (MASK, mask | 1, NOBODY)])
    data = struct.pack("<I", 2) + b"".join(each.pack(*one) for one in entries)
    os.setxattr(directory, name, data)
