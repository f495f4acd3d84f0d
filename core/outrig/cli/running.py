"""What commands that run something share: output, Ctrl-C, several targets, exit codes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.cli.errors import OWN_FAILURE, report
from outrig.cli.progress import Meter
from outrig.cli.terminal import clean, is_terminal, send
from outrig.errors import Interrupted, OutrigError
from outrig.session.observer import Observer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TextIO

    from outrig.cli.command import Command
    from outrig.engine import Outrig
    from outrig.model.run import Run, Stream  # noqa: TC004 - importing it takes longer than most commands
    from outrig.model.session import Event, Session, Step  # noqa: TC004
    from outrig.session.observer import Progress
    from outrig.session.pull import Pulled

_SECOND_CTRL_C_S = 2.0


class TerminalObserver(Observer):
    """Prints what runs print, and on stderr what the engine does.

    With `prefix` every line begins with the session's name, with `by_node` with the node's, and
    lines are never mixed.
    """

    def __init__(self, command: Command, *, prefix: bool = False, by_node: bool = False) -> None:
        self._command = command
        self._prefix = prefix or by_node
        self._names = prefix, by_node
        self._lock = threading.Lock()
        self._parts: dict[tuple[str, Stream], bytes] = {}
        self._progress_shown = False
        self._meter = Meter()

    def step(self, session: Session, step: Step, number: int, count: int) -> None:
        """Say which step begins, or why it has nothing to do."""
        text = f"[{number}/{count}] {step.name}: {step.skip or step.detail}"
        self._note(f"{session.name}: {text}" if self._prefix else text)

    def event(self, session: Session, event: Event) -> None:
        """Nothing: steps and notices say what matters."""

    def notice(self, text: str) -> None:
        """Say it on stderr."""
        self._note(text)

    def progress(self, _session: Session | None, progress: Progress) -> None:
        """Keep one line up to date on a terminal; elsewhere say every 10 s how far it is."""
        if self._command.quiet or self._prefix:
            return
        live = is_terminal(sys.stderr)
        with self._lock:
            words = self._meter.words(progress, live=live)
            if words is None:
                return
            if live:
                send(sys.stderr, f"\r\x1b[K  {clean(words)}")
                sys.stderr.flush()
                self._progress_shown = True
            else:
                self._command.note(words)

    def set_up_output(self, session: Session, _stream: Stream, data: bytes) -> None:
        """Pass what set-up prints to stderr."""
        from outrig.model.run import Stream

        if not self._command.quiet:
            self.lines(session.name, Stream.ERR, data)

    def output(self, session: Session, run: Run, stream: Stream, data: bytes) -> None:
        """Pass what a run prints to the same stream of ours, byte for byte."""
        if self._prefix:
            by_session, by_node = self._names
            names = [session.name] if by_session else []
            names += [run.ref.node.id] if by_node and run.ref is not None else []
            self.lines(" ".join(names), stream, data)
            return
        with self._lock:
            self._clear_progress()
            send(_stream(stream), data)

    def finish(self) -> None:
        """Print what is left of lines that did not end."""
        with self._lock:
            self._clear_progress()
            for (name, stream), rest in self._parts.items():
                if rest:
                    self._emit(name, stream, rest + b"\n")
            self._parts.clear()

    def lines(self, name: str, stream: Stream, data: bytes) -> None:
        """Print the whole lines of what something of this name prints; the rest is kept."""
        key = (name, stream)
        with self._lock:
            self._clear_progress()
            whole, newline, rest = (self._parts.get(key, b"") + data).rpartition(b"\n")
            self._parts[key] = rest
            if newline:
                self._emit(name, stream, whole + b"\n")

    def _emit(self, name: str, stream: Stream, lines: bytes) -> None:
        if self._prefix:
            mark = f"[{clean(name)}] ".encode()
            lines = b"".join(mark + line for line in lines.splitlines(keepends=True))
        send(_stream(stream), lines)

    def _note(self, text: str) -> None:
        with self._lock:
            self._clear_progress()
            self._command.note(text)

    def _clear_progress(self) -> None:
        if self._progress_shown:
            send(sys.stderr, "\r\x1b[K")
            self._progress_shown = False


def _stream(stream: Stream) -> TextIO:
    from outrig.model.run import Stream

    return sys.stdout if stream is Stream.OUT else sys.stderr


@contextmanager
def interruptible(outrig: Outrig) -> Iterator[None]:
    """Turn Ctrl-C into a wish to stop that the engine heeds; one that nothing awaits is at once.

    TERM ends this process as ever, but nothing half copied stays behind.
    """

    def ask(_signal: int, _frame: object) -> None:
        if not outrig.cancel.set():
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    before_term = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, before_term)


def _end(number: int, _frame: object) -> None:
    from outrig.session.arriving import forget_arriving

    forget_arriving()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one target ended: its exit code, or our error and the session it befell."""

    session: Session | None
    name: str = ""
    runs: tuple[Run, ...] = ()
    error: OutrigError | None = None

    @property
    def exit_code(self) -> int:
        """Return the runs' code, ours, or 0 when nothing was run."""
        if self.error is not None:
            return self.error.exit_code
        return common_code([exit_code(run) for run in self.runs])


def exit_code(run: Run) -> int:
    """Return what a run's end means for our own exit code; 0 for one that goes on."""
    from outrig.model.run import RunStatus

    if run.state.exit_code is not None:
        return run.state.exit_code
    return OWN_FAILURE if run.state.status in (RunStatus.LOST, RunStatus.CANCELLED) else 0


def common_code(codes: Sequence[int]) -> int:
    """Return the code all share, 0 for none, or 1 when they differ."""
    distinct = set(codes)
    return distinct.pop() if len(distinct) == 1 else int(bool(distinct))


def each(names: Sequence[str], targets: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    """Work on all targets, several in parallel; one that fails does not stop the others.

    `names` are those of the sessions that the targets are about.
    """
    if len(targets) == 1:
        return [targets[0]()]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=min(32, len(targets) or 1)) as pool:
        return list(pool.map(_guarded, names, targets))


def _guarded(name: str, target: Callable[[], Outcome]) -> Outcome:
    try:
        return target()
    except OutrigError as err:
        return Outcome(session=None, name=name, error=err)


def finish(outcomes: Sequence[Outcome], *, runs_commands: bool = True) -> int:
    """Report errors of several targets, raise that of a single one, return the exit code.

    That the user asked to stop is raised once for all. With `runs_commands` errors count as 125.
    """
    failed = [(one.name, one.error) for one in outcomes if one.error is not None]
    if failed and len(outcomes) == 1:
        raise failed[0][1]
    for name, error in failed:
        if not isinstance(error, Interrupted):
            report(error, about=name)
    for _, error in failed:
        if isinstance(error, Interrupted):
            raise error
    own = OWN_FAILURE if runs_commands else None
    codes = [own or one.exit_code if one.error else one.exit_code for one in outcomes]
    return common_code(codes)


def follow(
    command: Command, session: Session, runs: Sequence[Run], *, since: int = 0
) -> tuple[Run, ...]:
    """Follow runs to their end; Ctrl-C leaves them running, a second one soon after ends them."""
    outrig = command.outrig
    try:
        return tuple(outrig.follow(session, runs, since=since))
    except Interrupted:
        outrig.cancel.expect_again()
        names = " ".join(run.id for run in runs)
        command.note(
            f"detached; it goes on. Come back: outrig run logs -f {names}"
            " (Ctrl-C again within 2 s ends it)"
        )
        if not outrig.cancel.asked_again(_SECOND_CTRL_C_S):
            raise
        command.note("ending it")
        with outrig.cancel.passed_over():
            return tuple(outrig.cancel_runs(session, runs))


def say_ends(command: Command, session: Session, runs: Sequence[Run]) -> None:
    """Say on stderr how runs ended that did not simply succeed or fail by themselves."""
    from outrig.model.run import RunStatus

    for run in runs:
        if run.state.reason or run.state.status in (RunStatus.LOST, RunStatus.CANCELLED):
            reason = run.state.reason or "no reason is known"
            command.warn(f"{session.name}: run {run.id} {run.state.status.value}: {reason}")


def say_pulled(command: Command, pulled: Sequence[Pulled]) -> None:
    """Say on stderr which outputs came back."""
    for file in pulled:
        if file.beside:
            command.warn(f"{file.path} was changed here: the new one is {file.target}")
        elif not file.unchanged:
            command.note(f"output: {file.target}")
