"""What `run` with ranges shows: the output of its cases as they go on, and how each ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outrig.api import Stream, TerminalObserver
from outrig.errors import Interrupted, RemoteError
from outrig_backendai.commands.running import AGAIN_S, usage_of
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.directory.executions import CaseStatus
from outrig_backendai.execution.background import LOG, go_on, is_driven
from outrig_backendai.execution.keeping import execution_home, log_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrig.api import Command
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.directory.executions import CaseRecord, Execution

_PAUSE_S = 0.05
_PAUSE_PER_CASE_S = 0.0005
_WAITS_S = 1.5
_DRIVER_STARTS_S = 5.0
_MOST_STARTS = 5
_READ_BYTES = 1 << 20
_OWN_FAILURE = 125


def follow_cases(command: Command, compute: Compute, execution: Execution) -> int:
    """Show what cases print and how they end, until all are over; returns the exit code.

    Ctrl-C lets them go on, another soon after ends them.
    """
    view = _View(command, compute, execution)
    try:
        view.follow()
    except Interrupted:
        cancel = compute.outrig.cancel
        cancel.expect_again()
        command.note(
            f"the cases go on; come back: outrig bai run --attach {execution.name}"
            " (Ctrl-C again now ends them)"
        )
        if not cancel.asked_again(AGAIN_S):
            raise
        compute.directory.executions.cancel(execution.id)
        with cancel.passed_over():
            view.follow()
        raise
    finally:
        view.finish()
    command.note(f"What the cases printed is kept in {view.home}")
    return _common([code_of(one) for one in compute.directory.executions.cases(execution.id)])


def code_of(record: CaseRecord) -> int:
    """Return the exit code of a case: its program's, or that of a failure of ours."""
    return _OWN_FAILURE if record.exit_code is None else record.exit_code


def _common(codes: Sequence[int]) -> int:
    distinct = set(codes)
    return distinct.pop() if len(distinct) == 1 else int(bool(distinct))


class _View:
    def __init__(self, command: Command, compute: Compute, execution: Execution) -> None:
        self._command, self._compute, self._execution = command, compute, execution
        self.home = execution_home(compute.directory.state_directory, execution.id)
        self._printer = TerminalObserver(command, prefix=True)
        self._offsets: dict[Path, int] = {}
        self._told: set[int] = set()
        self._driver = _Driver(compute, execution)
        self._began = time.monotonic()
        self._waiting_told = False

    def follow(self) -> None:
        executions, cancel = self._compute.directory.executions, self._compute.outrig.cancel
        while True:
            cancel.check()
            now = executions.get(self._execution.id)
            cases = executions.cases(self._execution.id)
            for one in cases:
                self._show(one)
            if now is None or now.ended:
                return
            self._say_what_waits(cases)
            self._driver.look()
            cancel.wait(_PAUSE_S + _PAUSE_PER_CASE_S * len(cases))

    def _say_what_waits(self, cases: Sequence[CaseRecord]) -> None:
        """Say once that cases wait for room, and why, where they do so for a moment already."""
        if self._waiting_told or time.monotonic() - self._began < _WAITS_S:
            return
        asked = [one for one in cases if one.status is CaseStatus.STARTING and one.session_id]
        sessions = [self._compute.directory.sessions.get(one.session_id or "") for one in asked]
        waiting = [one for one in sessions if one and one.status is SessionStatus.PENDING]
        if waiting:
            why = f": {waiting[0].status_info}" if waiting[0].status_info else " for room"
            others = f" (and {len(waiting) - 1} more)" if waiting[1:] else ""
            self._command.note(f"[{waiting[0].name}] waits{why}{others}; see: outrig bai ps")
        self._waiting_told = bool(waiting)

    def finish(self) -> None:
        self._printer.finish()

    def _show(self, record: CaseRecord) -> None:
        if record.case.number in self._told or record.status in (
            CaseStatus.WAITING,
            CaseStatus.STARTING,
        ):
            return
        for stream in Stream:
            self._print(log_path(self.home, record.name, stream), record.name, stream)
        if record.status.over:
            self._told.add(record.case.number)
            self._command.note(f"[{record.name}] {how_it_ended(record)}")

    def _print(self, path: Path, name: str, stream: Stream) -> None:
        """Print what is new in a file."""
        offset = self._offsets.get(path, 0)
        try:
            with path.open("rb") as log:
                log.seek(offset)
                while data := log.read(_READ_BYTES):
                    self._printer.lines(name, stream, data)
                self._offsets[path] = max(offset, log.tell())
        except FileNotFoundError:
            return


class _Driver:
    """Sees to it that somebody works on the cases."""

    def __init__(self, compute: Compute, execution: Execution) -> None:
        self._compute, self._execution = compute, execution
        self._since = time.monotonic()
        self._starts = 1

    def look(self) -> None:
        """Start a driver where none has been for a while; raises `RemoteError` when that fails."""
        if is_driven(self._compute, self._execution.id):
            self._since, self._starts = time.monotonic(), 0
        elif time.monotonic() - self._since > _DRIVER_STARTS_S:
            if self._starts >= _MOST_STARTS:
                raise RemoteError(
                    f"nothing works on the cases of {self._execution.name}",
                    hint=f"see {self._compute.directory.state_directory}/{LOG}",
                )
            go_on(self._compute, self._execution.id)
            self._since, self._starts = time.monotonic(), self._starts + 1


def how_it_ended(record: CaseRecord) -> str:
    """Say in a few words how a case ended."""
    if record.status is CaseStatus.ENDED:
        reason = f": {record.reason}" if record.reason else ""
        return f"Execution finished. (exit code = {record.exit_code}){reason}"
    return f"{record.status.value}{f': {record.reason}' if record.reason else ''}"


def say_case_stats(command: Command, compute: Compute, execution: Execution) -> None:
    """Say on stderr what each case used."""
    for one in compute.directory.executions.cases(execution.id):
        if one.run_id is not None:
            _, run = compute.outrig.run(one.run_id)
            command.note(f"[{one.name}] {usage_of(run)}")
