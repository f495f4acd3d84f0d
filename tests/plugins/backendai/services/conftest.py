"""A proxy to a service of a session, as `bai app` gives it."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from outrig.testing.command_line import CommandLine

    Opened = Callable[..., AbstractContextManager[str]]


@pytest.fixture
def opened(run: CommandLine) -> Opened:
    """Run `bai app -b 0 WORDS…`, give the address it prints, and end it as Ctrl-C does."""

    @contextlib.contextmanager
    def open_app(*words: str) -> Iterator[str]:
        app = run.start("bai", "app", "-b", "0", *words)
        address = app.read_line().strip()
        try:
            assert address, app.wait().err
            yield address
        finally:
            app.send(signal.SIGINT)
            ended = app.wait()
        assert ended.exit_code == 0, ended.err

    return open_app
