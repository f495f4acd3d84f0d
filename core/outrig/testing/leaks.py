"""What a test must not leave behind: processes, files elsewhere, mounts, variables.

@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with no_leaks(tmp_path_factory.getbasetemp()):
        yield
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HOMES = (".", ".config", ".cache", ".local/share", ".local/state", ".local/bin")
_OURS = ("outrig", "ray-snapshots")
_HELPERS = (b"multiprocessing.resource_tracker", b"multiprocessing.forkserver")


@dataclass(frozen=True, slots=True)
class Process:
    """A process, told from a later one with the same number by its start time (clock ticks)."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What is there beside the test: variables, names of files, the current directory."""

    variables: Mapping[str, str]
    files: frozenset[str]
    mounts: frozenset[str]
    directory: str

    def differences(self, later: Footprint) -> list[str]:
        """Say what came, went or changed until `later`."""
        names = {*self.variables, *later.variables}
        changed = [one for one in names if self.variables.get(one) != later.variables.get(one)]
        found = [f"variable {name}" for name in sorted(changed)]
        found += [f"file {name}" for name in sorted(later.files - self.files)]
        found += [f"mount {place}" for place in sorted(later.mounts - self.mounts)]
        if self.directory != later.directory:
            found.append(f"current directory {later.directory}")
        return found


@contextmanager
def no_leaks(root: Path, *, home: Path | None = None, wait_s: float = 10.0) -> Iterator[None]:
    """Fail when the body leaves something behind.

    Processes are those that the body started and those whose environment, command line or
    directory lies below `root`, pytest's directory for this session; they get `wait_s` seconds to
    end by themselves and are killed then. Files are Outrig's below `home` (the real one) and what
    appears in the current directory. Processes and mounts are looked at on Linux only.
    """
    home = home or Path.home()
    footprint = _footprint(home, root)
    processes = processes_below(root)
    yield
    left = _wait_for_end(root, processes, wait_s)
    found = [f"process {one.pid}: {text}" for one, text in left.items()]
    found += footprint.differences(_footprint(home, root))
    if found:
        pytest.fail("the test left behind: " + "; ".join(found), pytrace=False)


def processes_below(root: Path) -> dict[Process, str]:
    """Return our children and every process that works below `root`, with command lines."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        if entry.name == str(os.getpid()):
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(") ")[2].split()
            command = (entry / "cmdline").read_bytes()
            if _is_ours(entry, fields, command, root):
                process = Process(int(entry.name), int(fields[19]))
                found[process] = _short(command)
        except OSError:
            continue  # it ended meanwhile, or is somebody else's
    return found


def _short(command: bytes) -> str:
    words = command.replace(b"\0", b" ").decode(errors="replace").split()
    text = " ".join(words)
    return text if len(text) <= 160 else f"{text[:60]} … {text[-90:]}"


def _is_ours(entry: Path, fields: list[str], command: bytes, root: Path) -> bool:
    state, parent = fields[0], int(fields[1])
    if state in "ZX" or any(helper in command for helper in _HELPERS):
        return False
    mark = os.fsencode(root)
    return (
        parent == os.getpid()
        or mark in command
        or mark in (entry / "environ").read_bytes()
        or (entry / "cwd").readlink().is_relative_to(root)
    )


def _wait_for_end(
    root: Path,
    before: dict[Process, str],
    wait_s: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[Process, str]:
    deadline = clock() + wait_s
    while True:
        left = {one: text for one, text in processes_below(root).items() if one not in before}
        if not left:
            return {}
        if clock() > deadline:
            break
        sleep(0.02)
    for process in left:
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return left


def _footprint(home: Path, root: Path) -> Footprint:
    return Footprint(
        variables={
            name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")
        },
        files=frozenset(_files(home)),
        mounts=frozenset(_mounts(root)),
        directory=str(Path.cwd()),
    )


def _mounts(root: Path) -> Iterator[str]:
    try:
        lines = Path("/proc/self/mounts").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        place = line.split(" ")[1]
        if place.startswith(f"{root}/"):
            yield place


def _files(home: Path) -> Iterator[str]:
    for place in _HOMES:
        for path in _names(home / place):
            if any(word in path.name for word in _OURS):
                yield str(path)
                yield from map(str, _names(path))
    for path in _names(Path.cwd()):
        if not path.name.startswith(".") or path.name == ".outrig":
            yield str(path)


def _names(directory: Path) -> list[Path]:
    try:
        return list(directory.iterdir())
    except OSError:
        return []
