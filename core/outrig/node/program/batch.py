"""Batches of waiting tasks: one file each, of which the keeper reads a line when it may start."""

from __future__ import annotations

import json
import os

from outrig.node.program.place import (
    read_whole,
    remove_file,
    remove_tree,
    write_whole,
)
from outrig.node.program.record import Spec, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.place import Root

SAVE_EVERY = 64


class Batch:
    """One batch as the keeper sees it: its header, and where the next task is in its file."""

    def __init__(self, root: Root, name: str) -> None:
        self.root = root
        self.name = name
        self.id = name.partition(".")[0]
        self.path = root.inbox() + "/" + name
        self.directory = root.batch(self.id)
        self.running = 0
        self.unsaved = 0
        self.upcoming: Spec | None = None
        self.source = open(self.path, "rb")  # noqa: SIM115 - closed by `remove`
        header = json.loads(self.source.readline())
        self.session = str(header["session"])
        self.cap = int(number(header.get("cap")) or 0)
        self.group = str(header.get("group") or self.id)
        self.priority = number(header.get("priority")) or 0
        self.environ = texts(header.get("environ"))
        self.argv = [str(word) for word in header.get("argv") or ()]
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        cursor = read_whole(self.directory + "/cursor") or b""
        if cursor.isdigit():
            self.source.seek(int(cursor))

    def next_task(self) -> Spec | None:
        """Return the task whose turn it is, `None` when none is left; it stays the next one."""
        if self.upcoming is None:
            line = self.source.readline()
            if line.strip():
                fields = json.loads(line)
                fields.update(session=self.session, batch=self.id)
                self.upcoming = Spec(fields)
        return self.upcoming

    def taken(self) -> None:
        """Go on to the next task."""
        self.upcoming = None
        self.unsaved += 1
        if self.unsaved >= SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Note where to read on after a crash; a task read twice is started once all the same."""
        if self.unsaved and self.upcoming is None:
            self.unsaved = 0
            try:
                write_whole(self.directory + "/cursor", b"%d" % self.source.tell())
            except OSError:
                pass  # the disk is full: after a crash more lines are read again

    def close(self) -> None:
        """Close its file, in a process that was forked from the keeper."""
        self.source.close()

    def remove(self) -> None:
        """Remove what is kept of it; all its runs have ended.

        Its file goes last: as long as that is there, a new keeper finds the rest and removes it.
        """
        self.source.close()
        remove_tree(self.directory)
        remove_file(self.path)


def texts(value: object) -> dict[str, str]:
    """Return a JSON object of texts."""
    if not isinstance(value, dict):
        return {}
    return {str(name): str(text) for name, text in value.items()}


def waiting_batches(root: Root) -> list[str]:
    """Return the names of the batch files, in the order they came."""
    return sorted(name for name in os.listdir(root.inbox()) if name.endswith(".jsonl"))
