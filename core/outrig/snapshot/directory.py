"""What is to be scanned, and how one directory of it stands."""

from __future__ import annotations

import os
import stat
from array import array
from dataclasses import dataclass

from outrig.snapshot.ignore import IGNORE_FILES
from outrig.snapshot.scancache import CachedDirectory

RACY_NS = 3_000_000_000
"""A file changed less than this before the scan may change again within one tick of its clock."""
STAT_FIELDS = 5
"""Per file: mode, inode, size, mtime_ns, ctime_ns; ctime -1 means "do not trust"."""
INODE_MASK = (1 << 63) - 1
OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Without following links; a fifo swapped in meanwhile does not block."""


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """What to take: `output_files` of the project, and whether the ignore rules hold.

    Those are in files called `ignore_files`, and `exclude` are more patterns, before all of them.
    """

    outputs: tuple[str, ...] = ()
    all_files: bool = False
    ignore_files: tuple[bytes, ...] = IGNORE_FILES
    exclude: tuple[str, ...] = ()


@dataclass(slots=True)
class Directory:
    """One directory, while it is being walked; `fd` is open until the next one is asked for."""

    path: bytes
    fd: int
    names: list[bytes]
    stats: array[int]
    output: bytes
    """One byte per name: 1 where it belongs to an output."""
    own: tuple[int, int, int] = (0, 0, -1)
    ignore_key: bytes = b""
    ignore_files: int = 0
    ignored: int = 0
    cached: CachedDirectory | None = None
    unchanged: bool = False
    """Everything in it is as in the cache."""

    def mode(self, index: int) -> int:
        """Return the mode of the name at `index`."""
        return self.stats[index * STAT_FIELDS]

    def forget(self, index: int) -> None:
        """Take out the name at `index`, which is gone."""
        del self.names[index]
        del self.stats[index * STAT_FIELDS : (index + 1) * STAT_FIELDS]
        self.output = self.output[:index] + self.output[index + 1 :]


def stat_fields(status: os.stat_result) -> tuple[int, int, int, int, int]:
    """Return what of a stat result tells whether a file was changed."""
    return (
        status.st_mode,
        status.st_ino & INODE_MASK,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def special_kind(mode: int) -> str:
    """Return what a special file is, in words."""
    kinds = {stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket"}
    kinds |= {stat.S_IFBLK: "block device", stat.S_IFCHR: "character device"}
    return kinds.get(stat.S_IFMT(mode), "special file")
