"""What `snapshot push` and `snapshot pull` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.listing import size
from outrig.cli.running import TerminalObserver, interruptible
from outrig.errors import UsageError

if TYPE_CHECKING:
    from outrig.cli.command import Command
    from outrig.model.snapshot import SnapshotInfo
    from outrig.session.library import Library


def copied(
    command: Command,
    info: SnapshotInfo,
    source: Library,
    target: Library,
    *,
    project_id: str | None = None,
) -> str:
    """Copy a snapshot, showing how far it is, and return in words what that took."""
    if source.store.rstrip("/") == target.store.rstrip("/"):
        raise UsageError(f"{info.name} is in {target.place.label} already", hint="name another")
    observer = TerminalObserver(command)
    command.outrig.watch(observer)
    with interruptible(command.outrig):
        try:
            stored = source.copy(info, target, project_id=project_id)
        finally:
            observer.finish()
    if not stored.written_bytes:
        return "it was there already"
    return f"{size(stored.info.size_bytes)}, {size(stored.written_bytes)} written"
