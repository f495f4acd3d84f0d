"""The process that goes on with sweeps when the client that started them is gone.

There is at most one per state directory, and none when no sweep waits for anything.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outrig.background import start_aside
from outrig.errors import Interrupted, OutrigError
from outrig.sweep.drive import Driver
from outrig.sweep.lock import SweepLock, is_driven

if TYPE_CHECKING:
    from outrig.engine import Outrig

NAME = "supervisor"
_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 2.0
_TROUBLE_S = 30.0


def wake(outrig: Outrig) -> bool:
    """Start the supervisor if a sweep has nobody who works on it; returns whether it did."""
    directory = outrig.state.directory
    if not outrig.state.sweeps.any_unfinished() or is_driven(directory, NAME):
        return False
    left = outrig.state.sweeps.select(unfinished=True)
    if all(is_driven(directory, one.id) for one in left):
        return False
    start_aside(directory, ("sweep", "drive"), "supervisor.log")
    return True


def supervise(outrig: Outrig) -> None:
    """Work on all sweeps that nobody else works on, until there is none left.

    One that cannot go on is said, and ends as FAILED; trouble with a node is waited out. Does
    nothing while another supervisor is there. Raises `Interrupted`.
    """
    lock = SweepLock(outrig.state.directory, NAME)
    drivers: dict[str, Driver] = {}
    troubles: dict[str, Trouble] = {}
    pause_s = _PAUSE_S
    try:
        while lock.take():
            outrig.cancel.check()
            ids = [one.id for one in outrig.state.sweeps.select(unfinished=True)]
            for gone in drivers.keys() - set(ids):
                drivers.pop(gone).close()
            moved = [
                _turn(
                    outrig,
                    drivers.setdefault(one, Driver(outrig, one)),
                    troubles.setdefault(one, Trouble()),
                )
                for one in ids
            ]
            if not any(one.lock.held for one in drivers.values()):
                return
            pause_s = _PAUSE_S if any(moved) else min(pause_s * 1.5, _LONGEST_PAUSE_S)
            outrig.cancel.wait(pause_s)
    finally:
        for driver in drivers.values():
            driver.close()
        lock.close()


class Trouble:
    """When a sweep that could not go on is to be tried again: later each time."""

    def __init__(self) -> None:
        self.pause_s = 0.0
        self.until = 0.0

    def passed(self) -> bool:
        """Tell whether it is time to try again."""
        return time.monotonic() >= self.until

    def over(self) -> None:
        """All is well."""
        self.pause_s = 0.0

    def again(self) -> None:
        """It could not go on."""
        self.pause_s = min(max(0.5, self.pause_s * 2), _TROUBLE_S)
        self.until = time.monotonic() + self.pause_s


def _turn(outrig: Outrig, driver: Driver, trouble: Trouble) -> bool:
    """Work on one sweep once, unless that failed a moment ago; returns whether anything moved."""
    if not driver.lock.take() or not trouble.passed():
        return False
    try:
        sweep = driver.turn()
    except Interrupted:
        raise
    except OutrigError as err:
        outrig.observer.notice(f"sweep {driver.sweep_id}: {err}")
        trouble.again()
        return False
    if driver.trouble is not None:
        outrig.observer.notice(f"sweep {sweep.name}: {driver.trouble}")
        trouble.again()
    else:
        trouble.over()
    return bool(driver.changed)
