"""Runs that were cancelled while they waited: many at once, without a directory for each.

A session has one file of their ids. Who cancels writes there first, and then looks whether the run
has a directory by now; the keeper makes the directory first, and then looks there. So a run that is
cancelled as it begins is seen by one of them at least.
"""

from __future__ import annotations

import os

from outrig.node.program.place import append_line, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.place import Root

CANCELLED_IN_TIME = "cancelled before it started"


def dropped_file(root: Root, session: str) -> str:
    return root.session(session) + "/dropped"


def drop_runs(root: Root, session: str, runs: list[str]) -> None:
    """Note that runs are not to start."""
    text = "\n" + "".join(run + "\n" for run in runs)
    append_line(dropped_file(root, session), text.encode("ascii"))


class DroppedRuns:
    """What was noted so; each session's file is read again when it has grown."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.known: dict[str, tuple[int, set[str]]] = {}

    def has(self, session: str, run: str) -> bool:
        """Whether a run is not to start."""
        try:
            size = os.stat(dropped_file(self.root, session)).st_size
        except OSError:
            return False
        found = self.known.get(session)
        if found is None or found[0] != size:
            text = read_whole(dropped_file(self.root, session)) or b""
            found = (len(text), set(text.decode("ascii", "replace").split()))
            self.known[session] = found
        return run in found[1]
