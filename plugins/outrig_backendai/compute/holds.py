"""Who works on a session: a lock per session, dropped by the kernel when its holder dies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Lock, is_held

if TYPE_CHECKING:
    from outrig_backendai.compute.sessions import Compute


_LOOK_S = 0.05


class Holds:
    """The locks of sessions that this process works on."""

    def __init__(self, compute: Compute) -> None:
        self._directory = compute.directory.state_directory
        self._cancel = compute.outrig.cancel
        self._locks: dict[str, Lock] = {}

    def take(self, session_id: str) -> bool:
        """Take a session's lock unless somebody else has it; returns whether it is ours."""
        if session_id in self._locks:
            return True
        lock = Lock(self._directory, _name(session_id))
        if lock.take():
            self._locks[session_id] = lock
            return True
        lock.close()
        return False

    def obtain(self, session_id: str) -> None:
        """Take a session's lock, once nobody else has it; raises `Interrupted`."""
        while not self.take(session_id):
            self._cancel.wait(_LOOK_S)
            self._cancel.check()

    def drop(self, session_id: str) -> None:
        """Let a session go."""
        lock = self._locks.pop(session_id, None)
        if lock is not None:
            lock.close()

    @property
    def ids(self) -> set[str]:
        """The sessions that are ours."""
        return set(self._locks)

    def close(self) -> None:
        """Let all go."""
        for ident in list(self._locks):
            self.drop(ident)

    def __enter__(self) -> Holds:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_worked_on(compute: Compute, session_id: str) -> bool:
    """Tell whether a live process works on a session."""
    return is_held(compute.directory.state_directory, _name(session_id))


def _name(session_id: str) -> str:
    return f"bai-{session_id}"
