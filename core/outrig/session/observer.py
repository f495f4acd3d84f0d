"""What the engine tells whoever watches it: the command line, a program, nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from outrig.model.run import Run, Stream
    from outrig.model.session import Event, Session, Step


class Progress(NamedTuple):
    """How far a step is: `done` of `total` (`None`: not known) in the unit that `note` names."""

    step: str
    done: int
    total: int | None
    note: str


class Observer:
    """Hears what happens; override what matters. Methods may be called from several threads."""

    def step(self, session: Session, step: Step, number: int, count: int) -> None:
        """Step `number` of `count` of a start begins, or is skipped (`step.skip`)."""

    def event(self, session: Session, event: Event) -> None:
        """Something was recorded."""

    def progress(self, session: Session | None, progress: Progress) -> None:
        """A long step went on."""

    def set_up_output(self, session: Session, stream: Stream, data: bytes) -> None:
        """A set-up step printed something."""

    def output(self, session: Session, run: Run, stream: Stream, data: bytes) -> None:
        """A run printed something."""

    def notice(self, text: str) -> None:
        """Something the user should know that is no error."""
