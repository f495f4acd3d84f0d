"""The process that goes on with the queue when no command waits for a session.

There is at most one per state directory, and none when nothing waits. It also awaits the ends of
batch sessions' commands.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.api import Lock
from outrig.errors import OutrigError
from outrig_backendai.compute.holds import Holds
from outrig_backendai.compute.launching import launch
from outrig_backendai.compute.places import is_here
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.compute.scheduling import turn
from outrig_backendai.compute.settling import settle
from outrig_backendai.compute.waking import NAME, running_batch

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
_MOST_HELD = 64
_AT_ONCE = 8


def schedule(compute: Compute) -> None:
    """Take turns until no session waits that nobody else works on. Raises `Interrupted`.

    Does nothing while another scheduler is there.
    """
    lock = Lock(compute.directory.state_directory, NAME)
    try:
        if lock.take():
            with Holds(compute) as holds, ThreadPoolExecutor(_AT_ONCE) as pool:
                _Scheduler(compute, holds, pool).run()
    finally:
        lock.close()


class _Scheduler:
    def __init__(self, compute: Compute, holds: Holds, pool: ThreadPoolExecutor) -> None:
        self._compute = compute
        self._holds = holds
        self._pool = pool
        self._launches: dict[str, Future[ComputeSession]] = {}

    def run(self) -> None:
        pause_s = _PAUSE_S
        while True:
            self._compute.outrig.cancel.check()
            settle(self._compute, everywhere=True)
            self._adopt()
            started = turn(self._compute, self._holds.ids)
            for session in started:
                self._launches[session.id] = self._pool.submit(launch, self._compute, session)
            moved = self._collect() or bool(started)
            batch = running_batch(self._compute)
            if not self._holds.ids and not batch:
                return
            pause_s = _PAUSE_S if moved else min(pause_s * 1.5, _LONGEST_PAUSE_S)
            self._pause(_PAUSE_S if self._launches else pause_s, batch)

    def _pause(self, pause_s: float, batch: list[ComputeSession]) -> None:
        """Wait a moment, or until a command of a batch session here ends."""
        outrig = self._compute.outrig
        runs = [outrig.run(one.main_run_id) for one in batch if one.main_run_id is not None]
        here = [
            (there, run.ref) for there, run in runs if run.ref and is_here(self._compute, there)
        ]
        if not here:
            outrig.cancel.wait(pause_s)
            return
        refs = tuple(ref for _, ref in here)
        with suppress(OutrigError):
            outrig.runtime.executor(here[0][0]).wait(refs, pause_s)

    def _adopt(self) -> None:
        """Take the locks of those that nobody waits for, and let go of those that are over."""
        waiting = self._compute.directory.sessions.waiting()
        for gone in self._holds.ids - set(waiting) - self._launches.keys():
            self._holds.drop(gone)
        for one in waiting:
            if len(self._holds.ids) >= _MOST_HELD:
                return
            self._holds.take(one)

    def _collect(self) -> bool:
        """Let go of what has been launched; says what went wrong with it."""
        done = [ident for ident, task in self._launches.items() if task.done()]
        for ident in done:
            try:
                session = self._launches.pop(ident).result()
                if session.status is SessionStatus.ERROR:
                    self._compute.outrig.observer.notice(f"{session.name}: {session.status_info}")
            except OutrigError as err:
                self._compute.outrig.observer.notice(f"session {ident}: {err}")
            finally:
                self._holds.drop(ident)
        return bool(done)
