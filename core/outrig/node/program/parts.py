"""Large files that come in parts: put together aside, and taken up again after a sync was cut."""

from __future__ import annotations

import os

from outrig.node.program.manifest import CHUNK
from outrig.node.program.place import append_line, exists, read_whole, remove_file, write_all
from outrig.node.program.proc import boot_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

PART_WORDS = 5


class Part:
    """One chunk of a file that an earlier sync began to put together."""

    __slots__ = ("digest", "path", "position", "size")

    def __init__(self, path: str, position: int, size: int, digest: str) -> None:
        self.path = path
        self.position = position
        self.size = size
        self.digest = digest


class Parts:
    """The directory `aside` of a session; in it `parts` has a line for each chunk that is there."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.token = os.urandom(4).hex()

    def path(self, number: int) -> str:
        """Return where a file of this sync is put together; the directory exists then."""
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        return "%s/%s-%d" % (self.directory, self.token, number)

    def put(self, number: int, position: int, digest: str, data: memoryview, mode: int) -> str:
        """Put one chunk of a file in its place; returns the file's path."""
        path = self.path(number)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, mode)
        try:
            os.lseek(fd, position * CHUNK, os.SEEK_SET)
            write_all(fd, data)
        finally:
            os.close(fd)
        name = os.path.basename(path)
        line = "%s %d %d %s %s\n" % (name, position, len(data), digest, boot_id())
        append_line(self.directory + "/parts", line.encode("utf-8", "surrogateescape"))
        return path

    def left(self, wanted: Container[object]) -> list[Part]:
        """Return what earlier syncs left of the wanted chunks; all other files are removed.

        After a crash of the machine what a line says need not be in the file.
        """
        found = []
        for line in (read_whole(self.directory + "/parts") or b"").splitlines():
            words = line.decode("utf-8", "surrogateescape").split(" ")
            if len(words) == PART_WORDS and words[4] == boot_id() and words[3] in wanted:
                path = "%s/%s" % (self.directory, os.path.basename(words[0]))
                found.append(Part(path, int(words[1]), int(words[2]), words[3]))
        self.remove_but({part.path for part in found})
        return found

    def remove_old(self) -> None:
        """Remove what earlier syncs left."""
        names = os.listdir(self.directory) if exists(self.directory) else []
        new = [name for name in names if name.startswith(self.token)]
        self.remove_but({self.directory + "/" + name for name in new})

    def remove_but(self, paths: set[str]) -> None:
        try:
            names = os.listdir(self.directory)
        except FileNotFoundError:
            return
        for name in names:
            path = self.directory + "/" + name
            if path not in paths and name != "parts":
                remove_file(path)
