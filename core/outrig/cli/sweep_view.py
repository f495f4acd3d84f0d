"""A sweep as one watches it: a live table on a terminal, prefixed lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.cli.amounts import duration
from outrig.cli.table import columns_of
from outrig.cli.terminal import clean, is_terminal, one_line, send, width
from outrig.errors import RemoteError
from outrig.model.run import RunStatus, Stream
from outrig.sweep.track import ref_of

if TYPE_CHECKING:
    from outrig.cli.command import Command
    from outrig.cli.running import TerminalObserver
    from outrig.interfaces import WithExecution
    from outrig.model.session import Session
    from outrig.model.sweep import Sweep, SweepCase
    from outrig.sweep.drive import Driver

_LOG_BYTES = 256 * 1024
_SHOWN_ROWS = 20
_SHOWN_WAITING = 5


def view_for(command: Command, observer: TerminalObserver) -> View:
    """Return how to show a sweep here: as a table, as lines, or not at all (`--quiet`)."""
    if command.quiet:
        return View()
    if is_terminal(sys.stderr) and is_terminal(sys.stdout):
        return TableView(observer)
    return LineView()


def label(sweep: Sweep, case: SweepCase) -> str:
    """Return how a case is called: its number, and the values that vary."""
    return " ".join([str(case.number), *(f"{name}={case.params[name]}" for name in sweep.names)])


def waiting_lines(driver: Driver, sweep: Sweep, count: int) -> list[str]:
    """Return a line for each of the next cases to run, and one for how many wait behind them."""
    waiting = driver.sweeps.cases(sweep.id, (RunStatus.QUEUED,), limit=_SHOWN_WAITING)
    lines = [f"  {label(sweep, case)}  {case.status.value}" for case in waiting]
    more = count - len(waiting)
    return [*lines, f"  … {more} more {RunStatus.QUEUED.value}"] if more > 0 else lines


class View:
    """Shows nothing."""

    def update(self, driver: Driver, sweep: Sweep) -> None:
        """Show how the sweep stands after a turn."""

    def close(self) -> None:
        """Leave the screen as it should be; a repeat does nothing."""


class LineView(View):
    """Prints what cases print, each line with the case it is of."""

    def __init__(self) -> None:
        self._offsets: dict[tuple[str, Stream], int] = {}
        self._parts: dict[tuple[str, Stream], bytes] = {}
        self._shown: set[str] = set()

    def update(self, driver: Driver, sweep: Sweep) -> None:
        """Print what is new."""
        session = driver.session(sweep)
        if session is None:
            return
        control = driver.runtime.executor(session)
        try:
            for case in self._new(driver, sweep):
                for stream in Stream:
                    self._print(control, sweep, session, case, stream)
                if case.status.ended:
                    self._shown.add(case.run_id)
        except RemoteError:
            if sweep.state.ended:
                raise  # else the driver's next turn sees to it

    def print_case(self, driver: Driver, sweep: Sweep, session: Session, case: SweepCase) -> None:
        """Print what a case has printed so far."""
        control = driver.runtime.executor(session)
        for stream in Stream:
            self._print(control, sweep, session, case, stream)

    def _new(self, driver: Driver, sweep: Sweep) -> list[SweepCase]:
        """Return the cases that may have printed something since."""
        cases = {one.run_id: one for one in driver.sweeps.cases(sweep.id, (RunStatus.RUNNING,))}
        if driver.lock.held:
            cases |= {one.run_id: one for one in driver.changed}
        else:  # another process may have seen them end before we did
            over = [status for status in RunStatus if status.ended]
            cases |= {one.run_id: one for one in driver.sweeps.cases(sweep.id, over)}
        return [
            one
            for one in cases.values()
            if one.run_id not in self._shown and one.started_at is not None
        ]

    def _print(
        self, control: WithExecution, sweep: Sweep, session: Session, case: SweepCase, kind: Stream
    ) -> None:
        key = (case.run_id, kind)
        while True:
            part = control.read_log(
                ref_of(sweep, session, case), kind, self._offsets.get(key, 0), _LOG_BYTES
            )
            self._offsets[key] = part.next_offset
            rest = self._parts.pop(key, b"") + part.data
            whole, newline, rest = rest.rpartition(b"\n")
            if newline:
                _emit(sweep, case, kind, whole + b"\n")
            if rest:
                self._parts[key] = rest
            if not part.data:
                break
        if case.status.ended and key in self._parts:
            _emit(sweep, case, kind, self._parts.pop(key) + b"\n")


def _emit(sweep: Sweep, case: SweepCase, kind: Stream, lines: bytes) -> None:
    mark = f"[{one_line(label(sweep, case))}] ".encode()
    text = b"".join(mark + line for line in lines.splitlines(keepends=True))
    send(sys.stdout if kind is Stream.OUT else sys.stderr, text)


class TableView(View):
    """Keeps a table of the cases that run up to date: for how long, and what they said last."""

    def __init__(self, observer: TerminalObserver) -> None:
        self._observer = observer
        self._offsets: dict[str, int] = {}
        self._last: dict[str, str] = {}
        self._lines = 0

    def update(self, driver: Driver, sweep: Sweep) -> None:
        """Draw it anew."""
        counts = driver.sweeps.counts(sweep.id)
        running = driver.sweeps.cases(sweep.id, (RunStatus.RUNNING,), limit=_SHOWN_ROWS)
        session = driver.session(sweep)
        if session is not None:
            with suppress(RemoteError):  # the driver's next turn sees to it
                self._read(driver, sweep, session, running)
        now = time.time()
        shown = [(status, counts[status]) for status in RunStatus if counts.get(status)]
        summary = ", ".join(f"{count} {status.value}" for status, count in shown)
        trouble = f"; waiting: {driver.trouble}" if driver.trouble else ""
        lines = [f"{sweep.name}: {summary}{trouble}"]
        for case in running:
            age = duration(max(0.0, now - (case.started_at or now)))
            lines.append(f"  {label(sweep, case)}  {age}  {self._last.get(case.run_id, '')}")
        self._draw(lines + waiting_lines(driver, sweep, counts.get(RunStatus.QUEUED, 0)))

    def close(self) -> None:
        """Take the table away; how the sweep ended is said in a line."""
        self._draw([])

    def _read(
        self, driver: Driver, sweep: Sweep, session: Session, running: list[SweepCase]
    ) -> None:
        control = driver.runtime.executor(session)
        for case in running:
            offset = self._offsets.get(case.run_id, 0)
            part = control.read_log(ref_of(sweep, session, case), Stream.OUT, offset, _LOG_BYTES)
            self._offsets[case.run_id] = part.next_offset
            lines = [line for line in part.data.splitlines() if line.strip()]
            if lines:
                self._last[case.run_id] = one_line(lines[-1].decode(errors="replace"))

    def _draw(self, lines: list[str]) -> None:
        self._observer.finish()
        columns = width(sys.stderr)
        cleared = f"\r\x1b[{self._lines}A\x1b[J" if self._lines else ""
        text = "".join(_cut(clean(one_line(line)), columns) + "\n" for line in lines)
        if cleared or text:
            send(sys.stderr, cleared + text)
            sys.stderr.flush()
        self._lines = len(lines)


def _cut(line: str, columns: int) -> str:
    while line and columns_of(line) >= columns:
        line = line[: min(len(line) - 1, columns - 1)]
    return line
