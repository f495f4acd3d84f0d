"""What nodes answer, as records."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from outrig.model.run import RunState, RunStatus, Usage
from outrig.model.session import RemoteFile


class Nothing(msgspec.Struct, frozen=True):
    """An answer that only says it is done."""


class UsageAnswer(msgspec.Struct, frozen=True):
    """What a run used."""

    cpu_s: float = 0.0
    peak_memory_mib: float = 0.0
    memory_mib: float | None = None

    def usage(self) -> Usage:
        """Return it as the model's record."""
        return Usage(
            cpu_s=self.cpu_s,
            peak_memory_mib=round(self.peak_memory_mib, 1),
            memory_mib=None if self.memory_mib is None else round(self.memory_mib, 1),
        )


class StateAnswer(msgspec.Struct, frozen=True):
    """Where a run stands; times are seconds since the epoch."""

    id: str
    status: RunStatus
    exit_code: int | None = None
    reason: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    usage: UsageAnswer | None = None
    out: int = 0
    err: int = 0

    def state(self) -> RunState:
        """Return it as the model's record."""
        usage = self.usage
        return RunState(
            id=self.id,
            status=self.status,
            exit_code=self.exit_code,
            reason=self.reason,
            started_at=_moment(self.started_at),
            ended_at=_moment(self.ended_at),
            usage=None if usage is None else usage.usage(),
        )


class StatesAnswer(msgspec.Struct, frozen=True):
    """The states of runs, in the order asked; `notice` is what the node was told of its end."""

    states: tuple[StateAnswer, ...] = ()
    notice: str = ""


class LogAnswer(msgspec.Struct, frozen=True):
    """What comes after a piece of a log."""

    ended: bool = False


class CodeAnswer(msgspec.Struct, frozen=True):
    """How a console's program ended."""

    code: int = 0


class MadeAnswer(msgspec.Struct, frozen=True):
    """Whether an environment was made now."""

    made: bool = False


class RemovedAnswer(msgspec.Struct, frozen=True):
    """Whether something was removed."""

    removed: bool = False


class InventoryAnswer(msgspec.Struct, frozen=True):
    """What a node keeps: sessions, why some ended, what is of no session."""

    sessions: tuple[str, ...] = ()
    ended: dict[str, str] = {}
    environments: tuple[str, ...] = ()
    kept_bytes: int = 0
    leftovers: tuple[str, ...] = ()


class CheckAnswer(msgspec.Struct, frozen=True):
    """What was looked at on a node, whether it is well, and what was found."""

    checks: tuple[tuple[str, bool, str], ...] = ()


class PieceAnswer(msgspec.Struct, frozen=True):
    """Of which file a piece was: its size, and a mark that changes when it is written to."""

    size: int = 0
    mark: str = ""


class FileAnswer(msgspec.Struct, frozen=True, array_like=True):
    """A file on a node."""

    path: str
    is_directory: bool
    size_bytes: int
    mtime_ns: int
    executable: bool = False
    target: str | None = None

    def file(self) -> RemoteFile:
        """Return it as the model's record."""
        return RemoteFile(
            path=self.path,
            is_directory=self.is_directory,
            size_bytes=self.size_bytes,
            mtime_ns=self.mtime_ns,
            executable=self.executable,
            target=self.target,
        )


class FilesAnswer(msgspec.Struct, frozen=True):
    """A part of a listing."""

    files: tuple[FileAnswer, ...] = ()


class Want(msgspec.Struct, frozen=True):
    """What a node lacks in a sync: the manifest, or chunks by their order in it, or links to them.

    `zstd` tells whether the chunks may come in that encoding.
    """

    want: str
    chunks: tuple[int, ...] = ()
    zstd: bool = False


class SyncAnswer(msgspec.Struct, frozen=True):
    """What a sync did on one node."""

    skipped: bool = False
    written: int = 0
    removed: int = 0
    fetched_bytes: int = 0


def _moment(seconds: float | None) -> datetime | None:
    if seconds is None or not 0 <= seconds < 1e11:
        return None
    return datetime.fromtimestamp(seconds, UTC)
