"""What works on files inside a session for the SFTP server; its text is sent there and run.

It is of the standard library only, for Python 3.8 and newer, and reads requests at its standard
input: a header (number, lengths of fields and data), the fields as JSON, and the data. Answers
have the same form. Names that are not UTF-8 travel as lone surrogates.
"""

from __future__ import annotations

import json
import os
import stat
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

HEADER = struct.Struct(">III")
MOST = 4 << 20
ENTRIES = 1000


def attributes(found: os.stat_result) -> list[int]:
    return [
        found.st_size,
        found.st_uid,
        found.st_gid,
        found.st_mode,
        found.st_atime_ns,
        found.st_mtime_ns,
        found.st_nlink,
    ]


class Files:
    """Does one thing at a time; raises `OSError`."""

    def __init__(self) -> None:
        self.scans: dict[int, list[str]] = {}
        self.last = 0

    def open(self, fields: dict[str, Any]) -> object:
        return os.open(fields["path"], fields["flags"] | os.O_CLOEXEC, fields["mode"])

    def close(self, fields: dict[str, Any]) -> object:
        os.close(fields["file"])
        return None

    def read(self, fields: dict[str, Any]) -> bytes:
        return os.pread(fields["file"], min(fields["size"], MOST), fields["offset"])

    def write(self, fields: dict[str, Any]) -> object:
        data, done = fields["data"], 0
        while done < len(data):
            done += os.pwrite(fields["file"], data[done:], fields["offset"] + done)
        return done

    def stat(self, fields: dict[str, Any]) -> object:
        if "file" in fields:
            return attributes(os.fstat(fields["file"]))
        return attributes(os.stat(fields["path"], follow_symlinks=fields["follow"]))

    def set(self, fields: dict[str, Any]) -> object:
        target = fields["file"] if "file" in fields else fields["path"]
        how: dict[str, Any] = (
            {} if "file" in fields or fields["follow"] else {"follow_symlinks": False}
        )
        if fields["size"] is not None:
            os.truncate(target, fields["size"])
        if fields["uid"] is not None:
            self.own(target, fields["uid"], fields["gid"], how)
        if fields["mode"] is not None and not how:
            os.chmod(target, stat.S_IMODE(fields["mode"]))
        if fields["times"] is not None:
            os.utime(target, ns=tuple(fields["times"]), **how)
        return None

    def own(self, target: Any, uid: int, gid: int, how: dict[str, Any]) -> None:
        """Change an owner; what is as it is to be may be said by anybody."""
        found = os.stat(target, **how)
        if (found.st_uid, found.st_gid) != (uid, gid):
            os.chown(target, uid, gid, **how)

    def scan(self, fields: dict[str, Any]) -> object:
        """Return some entries of a directory; asked with `scan` for more, to an empty list."""
        path, number = fields["path"], fields.get("scan")
        if number is None:
            self.last = number = self.last + 1
            self.scans[number] = [".", "..", *os.listdir(path)]
        names = self.scans[number][:ENTRIES]
        del self.scans[number][:ENTRIES]
        if not names:
            del self.scans[number]
        return [number, [one for one in (self.entry(path, name) for name in names) if one]]

    def entry(self, path: str, name: str) -> list[object] | None:
        try:
            return [name, attributes(os.lstat(os.path.join(path, name)))]
        except FileNotFoundError:
            return None  # it was removed meanwhile

    def call(self, fields: dict[str, Any]) -> object:
        """Do what is a function of `os` and takes only paths and numbers."""
        return CALLS[fields["name"]](*fields["words"])

    def rename(self, fields: dict[str, Any]) -> object:
        if not fields["over"] and os.path.lexists(fields["to"]):
            raise FileExistsError(17, "File exists", fields["to"])
        os.rename(fields["path"], fields["to"])
        return None

    def disk(self, fields: dict[str, Any]) -> object:
        found = os.fstatvfs(fields["file"]) if "file" in fields else os.statvfs(fields["path"])
        return [*found, getattr(found, "f_fsid", 0)]


CALLS: dict[str, Any] = {
    "link": os.link,
    "mkdir": os.mkdir,
    "readlink": os.readlink,
    "realpath": os.path.realpath,
    "remove": os.unlink,
    "rmdir": os.rmdir,
    "symlink": os.symlink,
    "sync": os.fsync,
}


def answer(files: Files, fields: dict[str, Any], data: bytes) -> tuple[dict[str, object], bytes]:
    try:
        result = getattr(files, fields["op"])(dict(fields, data=data))
    except OSError as error:
        return {"errno": error.errno or 5, "reason": error.strerror or str(error)}, b""
    if isinstance(result, bytes):
        return {}, result
    return {"result": result}, b""


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    files = Files()
    while True:
        head = source.read(HEADER.size)
        if len(head) < HEADER.size:
            return
        number, length, size = HEADER.unpack(head)
        fields = json.loads(source.read(length))
        reply, out = answer(files, fields, source.read(size))
        text = json.dumps(reply).encode("ascii")
        sink.write(HEADER.pack(number, len(text), len(out)) + text + out)
        sink.flush()


if __name__ == "__main__":
    serve(os.fdopen(0, "rb"), os.fdopen(1, "wb"))
