"""What the snapshot commands share: columns, how a snapshot is named, names to complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.definition import argument, option
from outrig.cli.listing import Column
from outrig.model.snapshot import EntryKind, GitState, SnapshotInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.cli.command import Command
    from outrig.engine import Outrig
    from outrig.model.snapshot import Entry

SNAPSHOT_ARGUMENT = argument("snapshot", "the snapshot's name or id")
STORE_OPTION = option(
    "store", "s", "another store than the project's or the usual one", value="NAME|URL"
)


def git_text(git: GitState | None) -> str | None:
    """Return a commit for people: `1a2b3c4d5e6f (main, with changes)`."""
    if git is None:
        return None
    notes = [git.branch] if git.branch else []
    notes += ["with changes"] if git.dirty else []
    return git.commit[:12] + (f" ({', '.join(notes)})" if notes else "")


COLUMNS: tuple[Column[SnapshotInfo], ...] = (
    Column("name", lambda one: one.name),
    Column("created", lambda one: one.created_at),
    Column("files", lambda one: one.file_count),
    Column("size", lambda one: one.size_bytes, unit="bytes"),
    Column("description", lambda one: one.description),
    Column("id", lambda one: one.id, shown=False),
    Column("digest", lambda one: one.digest, shown=False),
    Column("project", lambda one: one.project_id, shown=False),
    Column("git", lambda one: git_text(one.git), shown=False),
    Column("missing_outputs", lambda one: one.missing_outputs, shown=False),
)


def kind_letter(entry: Entry) -> str:
    """Return what an entry is in one letter; `x` is an executable file."""
    if entry.kind is EntryKind.FILE:
        return "x" if entry.executable else "-"
    return str(entry.kind.value)


def engine_with_store(command: Command) -> Outrig:
    """Return the engine, at work with the store that `--store` names."""
    store = command.text("store")
    if store is not None:
        command.outrig.use_store(store)
    return command.outrig


def asked_snapshot(command: Command, argument_name: str = "snapshot") -> SnapshotInfo:
    """Return the snapshot that an argument names, by name or id; raises `NotFoundError`.

    That a name stands for several snapshots, of which the newest is taken, is said on stderr.
    """
    from outrig.cli.running import TerminalObserver

    outrig = engine_with_store(command)
    outrig.watch(TerminalObserver(command))
    return outrig.snapshots.resolve(outrig.here(), command.word(argument_name) or "")


def snapshot_names(command: Command, prefix: str) -> Iterator[str]:
    """Yield the names of snapshots that begin with `prefix`, each once."""
    seen: set[str] = set()
    for one in command.outrig.snapshots.list(command.outrig.here()):
        if one.name.startswith(prefix) and one.name not in seen:
            seen.add(one.name)
            yield one.name
