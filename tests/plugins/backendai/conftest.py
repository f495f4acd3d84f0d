"""Sessions of a test end with it, and so do the processes that work for them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.api import Outrig, is_held
from outrig.errors import OutrigError
from outrig_backendai.compute.sessions import PROJECT, Compute
from outrig_backendai.compute.waking import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.testing.command_line import CommandLine
    from outrig.testing.result import Result

_ENDS_S = 60


class Bai:
    """`outrig bai …` as a user types it."""

    def __init__(self, run: CommandLine) -> None:
        self.run = run

    def __call__(self, *argv: str, timeout_s: float = 60, input: str | None = None) -> Result:
        """Run `outrig bai ARGV…` to its end."""
        return self.run("bai", *argv, timeout_s=timeout_s, input=input)


@pytest.fixture
def outrig(outrig_home: Path) -> Iterator[Outrig]:
    """Give an engine in this process, on the home of the test."""
    with Outrig() as engine:
        yield engine


@pytest.fixture
def compute(outrig: Outrig) -> Iterator[Compute]:
    """Give the sessions of the test; all that are left are ended after it."""
    sessions = Compute(outrig)
    yield sessions
    end_all(sessions)
    sessions.directory.close()


@pytest.fixture
def bai(run: CommandLine, compute: Compute) -> Bai:
    """Run `bai` commands; the sessions that they leave are ended after the test."""
    return Bai(run)


def end_all(compute: Compute) -> None:
    """End all sessions, and wait until nothing works for them any more."""
    for one in compute.directory.sessions.select():
        try:
            compute.end(one, forced=True)
        except OutrigError:
            continue  # what it left is ended below
    for each in compute.outrig.sessions(PROJECT):
        compute.outrig.stop(each)
    for _ in range(_ENDS_S * 20):
        if not working(compute):
            return
        compute.outrig.cancel.wait(0.05)
    raise AssertionError(f"what works in the background does not end (this is {os.getpid()})")


def working(compute: Compute) -> bool:
    """Tell whether the scheduler, or what works on cases, is still there."""
    locks = Path(compute.directory.state_directory, "locks").glob("bai-run-*")
    names = [NAME, *(one.name for one in locks)]
    return any(is_held(compute.directory.state_directory, one) for one in names)
