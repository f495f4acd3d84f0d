"""A context with a plugin's own settings in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.interfaces import Context

if TYPE_CHECKING:
    from outrig.interfaces import Journal
    from outrig.model.run import Stream
    from outrig.settings import Settings


def with_settings(context: Context, settings: Settings) -> Context:
    """Return `context` with other settings; the same one when it has these already."""
    return context if context.settings is settings else _OwnSettings(context, settings)


class _OwnSettings(Context):
    def __init__(self, context: Context, settings: Settings) -> None:
        self._context = context
        self._settings = settings

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def journal(self) -> Journal:
        return self._context.journal

    def progress(self, done: int, total: int | None, note: str) -> None:
        self._context.progress(done, total, note)

    def output(self, stream: Stream, data: bytes) -> None:
        self._context.output(stream, data)

    def check_cancelled(self) -> None:
        self._context.check_cancelled()
