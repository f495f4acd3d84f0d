"""Follows one of our scripts on a node: what it does, what its commands print, how it ends."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from outrig.api import Node, Run, Stream
from outrig.errors import RemoteError
from outrig_ray.clusters.script import MARK

if TYPE_CHECKING:
    from outrig.api import Outrig, RunState, Session

_WAIT_S = 0.5
_LOG_BYTES = 1 << 20
_KEPT_LINES = 40
_LONGEST_LINE = 10_000
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_MARK = re.compile(rf"{MARK}(begin|look|done|failed|started|unwatched|ended)((?: \d+)*)")


class StepError(RemoteError):
    """A command of a cluster file failed on a node; `tail` is the end of what it printed."""

    def __init__(self, message: str, *, code: int, tail: tuple[str, ...], run: str) -> None:
        super().__init__(message, hint=f"everything it printed: outrig run logs {run}")
        self.code = code
        self.tail = tail


@dataclass(slots=True)
class Script:
    """A script that runs on a node: which step it is at and the last lines of that step."""

    node: Node
    run: Run
    titles: dict[int, str]
    what: str
    begun: Callable[[int], None] = lambda _number: None
    ended: Callable[[int], None] = lambda _number: None
    line: Callable[[str], None] = lambda _line: None
    at: int = 0
    code: int | None = None
    started: bool = False
    unwatched: bool = False
    over: bool = False
    let_go: Event | None = None
    """When it is set the script is left to itself."""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_LINES))
    _part: str = ""
    _offset: int = 0
    _blank: bool = False

    def follow(self, outrig: Outrig, session: Session) -> None:
        """Return when the script says that it has started, or has ended well.

        Raises `StepError` when a step failed, `RemoteError` when it ended in another way, and
        `Interrupted`; the script is then ended.
        """
        control = outrig.runtime.executor(session)
        ref = self.run.ref
        if ref is None:
            raise RemoteError(f"{self.node.id}: the run {self.run.id} was not started")
        while True:
            outrig.cancel.check()
            state = control.wait((ref,), _WAIT_S)[0]
            while data := control.read_log(ref, Stream.OUT, self._offset, _LOG_BYTES).data:
                self._offset += len(data)
                self._take(data)
            if self.started:
                return
            if state.status.ended:
                self.over = True
                self._check(state)
                return
            if self.let_go is not None and self.let_go.is_set():
                return

    def _take(self, data: bytes) -> None:
        *lines, self._part = (self._part + data.decode("utf-8", "replace")).split("\n")
        self._part = self._part[-_LONGEST_LINE:]
        for line in lines:
            found = _MARK.fullmatch(line)
            if found is not None:
                self._blank = False  # it is the one before the mark
                self._mark(found[1], [int(one) for one in found[2].split()])
                continue
            if self._blank:
                self._output("")
            self._blank = not line
            if line:
                self._output(line)

    def _output(self, line: str) -> None:
        line = _COLOUR.sub("", line.removesuffix("\r").rpartition("\r")[2])
        self.tail.append(line)
        self.line(line)

    def _mark(self, kind: str, numbers: list[int]) -> None:
        if kind in ("begin", "look"):
            self.at = numbers[0]
            self.tail.clear()
            if kind == "begin":
                self.begun(self.at)
        elif kind == "done":
            self.ended(self.at)
        elif kind == "failed":
            self.code = numbers[1]
        self.started = self.started or kind == "started"
        self.unwatched = self.unwatched or kind == "unwatched"

    def _check(self, state: RunState) -> None:
        if state.exit_code == 0:
            return
        title = self.titles.get(self.at, self.what)
        code = self.code if self.code is not None else state.exit_code
        reason = f"exit code {code}" if code is not None else state.status.value
        if state.reason:
            reason += f": {state.reason}"
        raise StepError(
            f"{self.node.id}: {title} failed ({reason})",
            code=code or 1,
            tail=tuple(self.tail),
            run=self.run.id,
        )
