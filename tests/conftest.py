"""What every test has: a home of its own, and a check that nothing is left behind."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from outrig.testing.leaks import no_leaks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest_plugins = ("outrig.testing.fixtures", "pytester")


def pytest_configure() -> None:
    """Let programs take Ctrl-C as in a terminal: what a shell runs aside is started without."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail a test that leaves a process, a file in the real home, or a variable behind."""
    with no_leaks(tmp_path_factory.getbasetemp()):
        yield


@pytest.fixture(autouse=True)
def away_from_home(nothing_is_left: None, outrig_home: Path) -> Path:
    """Keep every test out of the real home."""
    return outrig_home
