"""A store in use, and how directories look: what tests of stores are made of."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from outrig.interfaces import ObjectStore
from outrig.model.snapshot import SnapshotInfo, SnapshotLabels, SnapshotQuery, StoredSnapshot
from outrig.snapshot.check import check_store
from outrig.snapshot.create import create_snapshot
from outrig.snapshot.directory import ScanOptions
from outrig.snapshot.restore import restore
from outrig.snapshot.stored import StoredReader
from outrig.testing.memory import MemoryContext

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = "a-project"
_LARGE = random.Random(1).randbytes(5 << 20)
"""5 MiB that cannot be compressed: two chunks."""


class Seen(NamedTuple):
    """How a path looks: `content` is a file's bytes or a link's target, `None` for a directory."""

    content: bytes | None
    executable: bool
    mtime_ns: int


def picture(root: Path) -> dict[bytes, Seen]:
    """Return how everything below `root` looks, by its path as bytes."""
    found: dict[bytes, Seen] = {}
    top = os.fsencode(root)
    pending = [top]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                content: bytes | None = None
                if entry.is_symlink():
                    content = os.readlink(entry.path)  # noqa: PTH115 - bytes
                elif entry.is_file():
                    content = Path(os.fsdecode(entry.path)).read_bytes()
                else:
                    pending.append(entry.path)
                executable = entry.is_file(follow_symlinks=False) and bool(status.st_mode & 0o111)
                path = entry.path[len(top) + 1 :]
                found[path] = Seen(content, executable, status.st_mtime_ns)
    return found


@dataclass
class Library:
    """A store in use: projects in a directory, snapshots of them, restored copies."""

    store: ObjectStore
    root: Path
    context: MemoryContext = field(default_factory=MemoryContext)

    def create(
        self,
        directory: Path | None = None,
        *,
        name: str = "one",
        outputs: tuple[str, ...] = (),
        all_files: bool = False,
        project_id: str = PROJECT,
        context: MemoryContext | None = None,
    ) -> StoredSnapshot:
        """Snapshot a directory (default: `root`)."""
        return create_snapshot(
            directory or self.root,
            project_id,
            SnapshotLabels(name=name),
            ScanOptions(outputs, all_files),
            self.store.store_snapshot,
            context or self.context,
        )

    def reader(self, snapshot: SnapshotInfo | str) -> StoredReader:
        """Return the content of a stored snapshot."""
        return StoredReader(snapshot, self.store.load_snapshot, self.context)

    def names(self, project_id: str | None = None) -> list[str]:
        """Return the names of snapshots, newest first."""
        found = self.store.list_snapshots(SnapshotQuery(project_id=project_id), self.context)
        return [one.name for one in found]

    def restored(self, snapshot: SnapshotInfo | str, into: Path) -> dict[bytes, Seen]:
        """Restore a snapshot and return what files are there then."""
        restore(self.reader(snapshot), into, self.context)
        return picture(into)

    def damages(self) -> list[str]:
        """Return what a check of the whole store finds."""
        return [one.what for one in check_store(self.store, self.context).damages]


FILES: Mapping[str, str | bytes] = {
    "train.py": "print('hello')\n",
    "data/a.csv": "1,2,3\n" * 1000,
    "data/copy.csv": "1,2,3\n" * 1000,
    "data/large.bin": _LARGE,
    "empty": "",
}
