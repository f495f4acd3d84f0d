"""What `sweep retry` and `sweep resume` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.amounts import counted
from outrig.cli.definition import option
from outrig.cli.running import TerminalObserver, interruptible
from outrig.cli.sweep_listing import asked_sweep
from outrig.cli.sweep_view import view_for
from outrig.cli.sweeping import follow_sweep

if TYPE_CHECKING:
    from outrig.cli.command import Command
    from outrig.model.run import RunStatus

DETACH_OPTION = option("detach", None, "return at once; it goes on in the background")


def run_cases_again(command: Command, statuses: tuple[RunStatus, ...]) -> int:
    """Run the cases of a sweep again that stand in one of these ways; returns the exit code."""
    outrig = command.outrig
    sweep = outrig.sweeps.refresh(asked_sweep(command))
    count = outrig.sweeps.run_again(sweep, statuses)
    sweep = outrig.sweeps.find(sweep.id)
    if not count and sweep.state.ended:
        command.note(f"{sweep.name}: nothing to run again ({sweep.state.value})")
        return 0
    command.note(f"{sweep.name}: {counted(count, 'case')} to run again")
    if command.flag("detach"):
        outrig.sweeps.tend()
        return 0
    observer = TerminalObserver(command)
    outrig.watch(observer)
    driver = outrig.sweeps.driver(sweep)
    try:
        with interruptible(outrig):
            return follow_sweep(command, driver, view_for(command, observer))
    finally:
        driver.close()
        observer.finish()
