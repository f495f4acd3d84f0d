"""Output that is kept on this computer: of each case of a `run`, and of sessions that ended."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import Observer, Stream
from outrig.errors import OutrigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from outrig.api import Run, Session
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

USERS_COMMANDS = ("run", "startup")
"""What the runs are recorded as that a session's user asked for; others set up or serve."""
MOST_KEPT_BYTES = 64 << 20
KEPT_S = 30 * 86400.0
"""So long output is kept after it was printed."""
_CLEARED = "cleared"
_CLEAR_EVERY_S = 86400.0
_PART_BYTES = 1 << 20
_SUFFIX = {Stream.OUT: "stdout.log", Stream.ERR: "stderr.log"}


def logs_home(state_directory: str) -> Path:
    """Return the directory with what is kept of sessions."""
    return Path(state_directory) / "backendai" / "logs"


def execution_home(state_directory: str, execution_id: str) -> Path:
    """Return the directory of one `run` with ranges: files that are sent, output of its cases."""
    return Path(state_directory) / "backendai" / "executions" / execution_id


def forget_execution(state_directory: str, execution_id: str) -> None:
    """Remove all that is kept of a `run` with ranges."""
    import shutil

    shutil.rmtree(execution_home(state_directory, execution_id), ignore_errors=True)


def log_path(home: Path, name: str, stream: Stream) -> Path:
    """Return where a stream of that name is kept."""
    return home / f"{name}.{_SUFFIX[stream]}"


class Keeping(Observer):
    """Writes what runs print to files, those of each session to its own."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, Stream], BinaryIO] = {}

    @contextmanager
    def of(self, session: Session, home: Path, name: str) -> Iterator[None]:
        """Keep what is printed in a session meanwhile: over what was kept under that name."""
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for stream in Stream:
            path = log_path(home, name, stream)
            path.touch(mode=0o600)
            self._files[session.id, stream] = path.open("r+b", buffering=0)
        try:
            yield
        finally:
            for stream in Stream:
                self._files.pop((session.id, stream)).close()

    def output(self, session: Session, _run: Run, stream: Stream, data: bytes) -> None:
        """Write it down."""
        file = self._files.get((session.id, stream))
        if file is not None:
            file.write(data)


def keep_logs(compute: Compute, session: ComputeSession) -> None:
    """Keep what the programs of a session printed, as it is about to end; never raises."""
    with suppress(OutrigError, OSError):
        home = logs_home(compute.directory.state_directory)
        for kernel in session.kernels:
            there = compute.outrig.state.sessions.get(kernel.outrig_session_id or "")
            runs = [] if there is None else runs_of(compute, there)
            if there is not None and runs:
                home.mkdir(mode=0o700, parents=True, exist_ok=True)
                for stream in Stream:
                    _copy(compute, there, runs, stream, log_path(home, kernel.id, stream))
                clear_logs(home, time.time())


def clear_logs(home: Path, now: float) -> None:
    """Remove what was kept long ago (`now` is a time in seconds); looks once a day."""
    mark = home / _CLEARED
    if mark.exists() and mark.stat().st_mtime > now - _CLEAR_EVERY_S:
        return
    mark.touch(mode=0o600)
    for one in home.glob("*.log"):
        if one.stat().st_mtime < now - KEPT_S:
            one.unlink()


def _copy(
    compute: Compute, there: Session, runs: Sequence[Run], stream: Stream, path: Path
) -> None:
    """Write what runs printed to a file, one after the other."""
    control = compute.outrig.runtime.executor(there)
    path.touch(mode=0o600)
    with path.open("wb") as file:
        for run in runs:
            offset = 0
            while run.ref is not None and file.tell() < MOST_KEPT_BYTES:
                part = control.read_log(run.ref, stream, offset, _PART_BYTES)
                if not part.data:
                    break
                file.write(part.data)
                offset = part.next_offset


def runs_of(compute: Compute, there: Session) -> list[Run]:
    """Return the runs of a kernel that its user asked for, oldest first."""
    runs = compute.outrig.runs(there)[::-1]
    return [one for one in runs if one.command in USERS_COMMANDS]
