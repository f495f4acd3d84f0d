"""What the engine hands to every hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.interfaces import Context
from outrig.session.observer import Progress

if TYPE_CHECKING:
    from outrig.interfaces import Journal
    from outrig.model.run import Stream
    from outrig.model.session import Session
    from outrig.session.cancel import Cancel
    from outrig.session.observer import Observer
    from outrig.settings import Settings


class EngineContext(Context):
    """The context of one step; outside a session `session` is `None`."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        *,
        step: str,
        observer: Observer,
        cancel: Cancel,
        session: Session | None = None,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._step = step
        self._observer = observer
        self._cancel = cancel
        self._session = session

    @property
    def settings(self) -> Settings:
        """See `Context.settings`."""
        return self._settings

    @property
    def journal(self) -> Journal:
        """See `Context.journal`."""
        return self._journal

    def progress(self, done: int, total: int | None, note: str) -> None:
        """See `Context.progress`."""
        progress = Progress(step=self._step, done=done, total=total, note=note)
        self._observer.progress(self._session, progress)

    def output(self, stream: Stream, data: bytes) -> None:
        """See `Context.output`."""
        if self._session is not None:
            self._observer.set_up_output(self._session, stream, data)

    def check_cancelled(self) -> None:
        """See `Context.check_cancelled`."""
        self._cancel.check()
