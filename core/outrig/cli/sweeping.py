"""Starting a sweep from the command line, and following one until it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outrig.cli.amounts import counted
from outrig.cli.invoking import Case, find_command, given_values
from outrig.cli.running import TerminalObserver, common_code, interruptible
from outrig.cli.starting import start_cases, start_request_of
from outrig.cli.sweep_options import grid_options, sweep_options, wants_sweep
from outrig.cli.sweep_view import view_for
from outrig.cli.table import table
from outrig.cli.terminal import one_line
from outrig.errors import CapacityError, Interrupted, UsageError
from outrig.model.run import RunStatus
from outrig.model.sweep import SweepState
from outrig.session.requests import NewRun
from outrig.sweep.create import PlannedCase, SweepRequest, plan_cases
from outrig.sweep.grid import is_table, varies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.cli.command import Command
    from outrig.cli.starting import StartOptions
    from outrig.cli.sweep_view import View
    from outrig.engine import Outrig
    from outrig.model.project import Command as ProjectCommand
    from outrig.model.project import Project
    from outrig.model.sweep import Sweep
    from outrig.sweep.drive import Driver
    from outrig.sweep.grid import Grid

_ASK_ABOVE = 100
_SECOND_CTRL_C_S = 2.0
_LOST_CODE = 125


def asked_for_many(command: Command, project: Project) -> bool:
    """Tell whether the words ask for a sweep, or for what else only grids give.

    `*` alone does not: it starts sessions.
    """
    name = command.word("command")
    if command.flag("shell") or name is None:
        if wants_sweep(command):
            raise UsageError(
                "a sweep is of a command of the project",
                hint='outrig session start CMD --PARAM "case:1,2"',
            )
        return False
    named = find_command(project, name)
    if wants_sweep(command) or any(map(is_table, command.argument_words("arguments"))):
        return True
    if any(command.was_given(one) for one in ("preview", "zip", "exclude", "limit")):
        return True
    prefixes = command.outrig.sweeps.prefixes()
    values = given_values(command, named)
    known = {one.name: one for one in named.params}
    return any(
        name in known and varies(text, known[name], prefixes) for name, text in values.items()
    )


def start_many(command: Command, project: Project, options: StartOptions) -> int:
    """Do what the words ask for with each of their cases; returns the exit code."""
    named = find_command(project, command.word("command") or "")
    if named.background or named.config.tmux:
        raise UsageError(
            f'"{named.name}" runs in the background or in tmux, which the cases of a sweep cannot',
            hint="start one session for each by hand",
        )
    grid, planned = _planned(command, project, named)
    if command.flag("preview") or options.dry_run:
        command.write(preview(grid, planned))
        return 0
    if len(planned) > _ASK_ABOVE and not command.confirm(
        f"start {len(planned)} cases?", assume_without_terminal=False
    ):
        raise UsageError(
            f"{len(planned)} cases were not started, as nobody said yes", hint="--yes, or --limit N"
        )
    if command.flag("sessions"):
        return start_cases(command, project, _session_cases(named, grid, planned), options)
    return _start_sweep(command, project, named, grid, planned, options)


def _planned(
    command: Command, project: Project, named: ProjectCommand
) -> tuple[Grid, tuple[PlannedCase, ...]]:
    trials = [word[1:] for word in command.argument_words("arguments") if is_table(word)]
    rest = [word for word in command.argument_words("arguments") if not is_table(word)]
    if rest:
        raise UsageError(
            f'"{rest[0]}" is one word too many after command "{named.name}"',
            hint="give parameters as --NAME VALUE, and a table of cases as @FILE.csv",
        )
    values = given_values(command, named)
    grid = command.outrig.sweeps.grid(named, values, grid_options(command, trials))
    return grid, plan_cases(project, named, grid)


def preview(grid: Grid, planned: Sequence[PlannedCase]) -> str:
    """Return the table of cases, and how many there are."""
    names = grid.names or tuple(planned[0].params)
    cells = [[str(number) for number in range(len(planned))]]
    cells += [[one_line(case.params[name]) for case in planned] for name in names]
    headings = ["CASE", *(one_line(name) for name in names)]
    count = counted(len(planned), "case") + "\n"
    return table(headings, cells, right=[True]) + count


def _session_cases(named: ProjectCommand, grid: Grid, planned: Sequence[PlannedCase]) -> list[Case]:
    return [
        Case(
            suffix=f"-{number}" if grid.names else "",
            run=NewRun(
                script=case.script,
                command=named.name,
                params=case.params,
            ),
        )
        for number, case in enumerate(planned)
    ]


def _start_sweep(
    command: Command,
    project: Project,
    named: ProjectCommand,
    grid: Grid,
    planned: Sequence[PlannedCase],
    options: StartOptions,
) -> int:
    outrig = command.outrig
    observer = TerminalObserver(command)
    outrig.watch(observer)
    alone = command.flag("enqueue-only") or options.detach
    settings = sweep_options(command, detached=alone)
    try:
        with interruptible(outrig):
            first = Case(run=NewRun(script=planned[0].script, command=named.name))
            start = start_request_of(command, project, first, options)
            outrig.plans(start)
            request = SweepRequest(
                start=start,
                command=named.name,
                names=grid.names,
                cases=tuple(planned),
                options=settings,
                again=command.flag("again"),
            )
            created = outrig.sweeps.create(request)
            if created.sweep is None:
                command.note(
                    f"nothing to do: all {created.done_before} cases have succeeded before "
                    "(run them again with --again)"
                )
                return 0
            sweep = created.sweep
            before = f", {created.done_before} of them done before" if created.done_before else ""
            command.note(f"sweep {sweep.name}: {counted(sweep.size, 'case')}{before}")
            return _begin(command, sweep, observer)
    finally:
        observer.finish()


def _begin(command: Command, sweep: Sweep, observer: TerminalObserver) -> int:
    outrig = command.outrig
    if command.flag("enqueue-only"):
        outrig.sweeps.tend()
        command.line(sweep.id)
        return 0
    driver = outrig.sweeps.driver(sweep)
    try:
        if command.flag("detach"):
            sweep = _drive_until_handed(outrig, driver, sweep)
            driver.close()
            outrig.sweeps.tend()
            command.line(sweep.id)
            command.note(f"{sweep.name}: started; come back: outrig sweep watch {sweep.name}")
            return 0
        return follow_sweep(
            command,
            driver,
            view_for(command, observer),
            max_wait_s=command.value("max-wait", float),
            started_here=True,
        )
    finally:
        driver.close()


def _drive_until_handed(outrig: Outrig, driver: Driver, sweep: Sweep) -> Sweep:
    """Start a sweep that is due; one that has to wait for something is left to the supervisor."""
    try:
        return driver.turn()
    except Interrupted:
        _end_before_it_began(outrig, driver, sweep)
        raise


def follow_sweep(
    command: Command,
    driver: Driver,
    view: View,
    *,
    max_wait_s: float | None = None,
    started_here: bool = False,
) -> int:
    """Work on a sweep, or watch it, until it ends; returns the exit code of its cases.

    Ctrl-C leaves it running, a second one soon after cancels it. One that was `started_here` and
    has not begun is cancelled at once.
    """
    deadline = None if max_wait_s is None else time.monotonic() + max_wait_s
    outrig = command.outrig
    sweep = driver.current()
    try:
        while True:
            sweep = driver.turn()
            view.update(driver, sweep)
            if sweep.state.ended:
                break
            outrig.cancel.check()
            if deadline is not None:
                deadline = _still_waiting(outrig, driver, sweep, deadline)
            driver.pause(sweep)
    except Interrupted:
        view.close()
        _interrupted(command, driver, sweep, started_here=started_here)
        raise
    finally:
        view.close()
    return say_end(command, sweep)


def _still_waiting(outrig: Outrig, driver: Driver, sweep: Sweep, deadline: float) -> float | None:
    counts = outrig.sweeps.counts(sweep)
    if any(counts.get(status) for status in RunStatus if status is not RunStatus.QUEUED):
        return None
    if time.monotonic() < deadline:
        return deadline
    driver.close()
    outrig.sweeps.tend()
    raise CapacityError(
        f"sweep {sweep.name}: no case has started yet; it stays queued",
        hint=f"outrig sweep watch {sweep.name}, or sweep cancel {sweep.name}",
    )


def _interrupted(command: Command, driver: Driver, sweep: Sweep, *, started_here: bool) -> None:
    """Leave a sweep to itself; cancel one that has not begun, and one of which that is insisted."""
    outrig = command.outrig
    now = driver.current()
    if started_here and driver.lock.held and now.state in (SweepState.WAITING, SweepState.STARTING):
        _end_before_it_began(outrig, driver, now)
        return
    outrig.cancel.expect_again()
    command.note(
        f"detached; it goes on. Come back: outrig sweep watch {sweep.name}"
        " (Ctrl-C again within 2 s cancels it)"
    )
    if not outrig.cancel.asked_again(_SECOND_CTRL_C_S):
        driver.close()
        outrig.sweeps.tend()
        return
    command.note(f"cancelling {sweep.name}")
    with outrig.cancel.passed_over():
        cancel_sweep(outrig, driver, sweep)


def _end_before_it_began(outrig: Outrig, driver: Driver, sweep: Sweep) -> None:
    with outrig.cancel.passed_over():
        cancel_sweep(outrig, driver, sweep)


def cancel_sweep(outrig: Outrig, driver: Driver, sweep: Sweep, wait_s: float = 60.0) -> Sweep:
    """End a sweep and wait until it has ended; one that takes longer is returned as it stands."""
    sweep = outrig.sweeps.ask_to_cancel(sweep)
    deadline = time.monotonic() + wait_s
    while not sweep.state.ended and time.monotonic() < deadline:
        sweep = driver.turn()
        if not sweep.state.ended:
            driver.pause(sweep)
    return sweep


def say_end(command: Command, sweep: Sweep) -> int:
    """Say how a sweep ended; returns the exit code that its cases share, 1 when they differ."""
    counts = command.outrig.sweeps.counts(sweep)
    shown = ", ".join(f"{count} {status.value}" for status, count in sorted_counts(counts))
    command.note(f"{sweep.name}: {sweep.state.value} ({shown})")
    if sweep.reason:
        command.warn(f"{sweep.name}: {sweep.reason}")
    if sweep.state is SweepState.SUCCEEDED:
        return 0
    codes = {
        _LOST_CODE if case.exit_code is None else case.exit_code
        for case in command.outrig.sweeps.cases(sweep)
    }
    return common_code(sorted(codes)) or 1


def sorted_counts(counts: dict[RunStatus, int]) -> list[tuple[RunStatus, int]]:
    """Return the states that there are, in the order in which cases go through them."""
    return [(status, counts[status]) for status in RunStatus if counts.get(status)]
