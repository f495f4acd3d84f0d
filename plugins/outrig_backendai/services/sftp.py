"""The SFTP server of a session: asyncssh speaks the protocol, a program inside does the work."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from typing import TYPE_CHECKING, Any

from asyncssh.constants import (
    FILEXFER_TYPE_DIRECTORY,
    FILEXFER_TYPE_REGULAR,
    FILEXFER_TYPE_SPECIAL,
    FILEXFER_TYPE_SYMLINK,
    FXF_APPEND,
    FXF_CREAT,
    FXF_EXCL,
    FXF_READ,
    FXF_TRUNC,
    FXF_WRITE,
)
from asyncssh.sftp import SFTPAttrs, SFTPName, SFTPServer, SFTPVFSAttrs

from outrig_backendai.services.files import FilesInside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import asyncssh

    from outrig_backendai.services.door import Door

_NEW_FILE, _NEW_DIRECTORY = 0o666, 0o777
_KINDS = {
    stat.S_IFREG: FILEXFER_TYPE_REGULAR,
    stat.S_IFDIR: FILEXFER_TYPE_DIRECTORY,
    stat.S_IFLNK: FILEXFER_TYPE_SYMLINK,
}
_SECOND = 1_000_000_000
_FLAGS = ((FXF_APPEND, os.O_APPEND), (FXF_CREAT, os.O_CREAT), (FXF_TRUNC, os.O_TRUNC))


class SessionFiles(SFTPServer):
    """Serves one channel. Open files are descriptors of the program inside."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], door: Door) -> None:
        super().__init__(channel)
        self._door = door
        self._files: FilesInside | None = None
        self._starting = asyncio.Lock()
        self._order = asyncio.Lock()

    async def _ask(self, op: str, data: bytes = b"", **fields: object) -> tuple[Any, bytes]:
        async with self._starting:
            if self._files is None:
                self._files = await asyncio.to_thread(FilesInside, self._door)
        async with self._order:  # as they came: a write past the window waits in its thread
            future = await asyncio.to_thread(self._files.ask, op, data, **fields)
        return await asyncio.wrap_future(future)

    async def _call(self, name: str, *words: object) -> Any:
        result, _ = await self._ask("call", name=name, words=words)
        return result

    async def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> int:
        """Open a file; returns its descriptor."""
        reads, writes = pflags & FXF_READ, pflags & FXF_WRITE
        flags = os.O_RDWR if reads and writes else os.O_WRONLY if writes else os.O_RDONLY
        for theirs, ours in _FLAGS:
            flags |= ours if pflags & theirs else 0
        if pflags & FXF_EXCL:
            flags |= os.O_EXCL
        mode = _NEW_FILE if attrs.permissions is None else attrs.permissions & 0o777
        result, _ = await self._ask("open", path=_text(path), flags=flags, mode=mode)
        return int(result) + 1  # a handle that is 0 counts as none

    async def close(self, file_obj: object) -> None:
        """Close a file."""
        await self._ask("close", file=_file(file_obj))

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Read from a file; empty at its end."""
        _, data = await self._ask("read", file=_file(file_obj), offset=offset, size=size)
        return data

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Write to a file."""
        result, _ = await self._ask("write", data, file=_file(file_obj), offset=offset)
        return int(result)

    async def lstat(self, path: bytes) -> SFTPAttrs:
        """Return what a path is, links not followed."""
        result, _ = await self._ask("stat", path=_text(path), follow=False)
        return _attributes(result)

    async def stat(self, path: bytes) -> SFTPAttrs:
        """Return what a path leads to."""
        result, _ = await self._ask("stat", path=_text(path), follow=True)
        return _attributes(result)

    async def fstat(self, file_obj: object) -> SFTPAttrs:
        """Return what an open file is."""
        result, _ = await self._ask("stat", file=_file(file_obj))
        return _attributes(result)

    async def setstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Change size, owner, mode and times of what a path leads to."""
        await self._ask("set", path=_text(path), follow=True, **_changes(attrs))

    async def lsetstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Change them of a path itself."""
        await self._ask("set", path=_text(path), follow=False, **_changes(attrs))

    async def fsetstat(self, file_obj: object, attrs: SFTPAttrs) -> None:
        """Change them of an open file."""
        await self._ask("set", file=_file(file_obj), **_changes(attrs))

    async def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        """Yield what is in a directory."""
        number: int | None = None
        while True:
            result, _ = await self._ask("scan", path=_text(path), scan=number)
            number, entries = result
            for name, found in entries:
                yield SFTPName(_bytes(name), attrs=_attributes(found))
            if not entries:
                return

    async def remove(self, path: bytes) -> None:
        """Remove a file or link."""
        await self._call("remove", _text(path))

    async def mkdir(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Make a directory."""
        mode = _NEW_DIRECTORY if attrs.permissions is None else attrs.permissions & 0o777
        await self._call("mkdir", _text(path), mode)

    async def rmdir(self, path: bytes) -> None:
        """Remove an empty directory."""
        await self._call("rmdir", _text(path))

    async def realpath(self, path: bytes, *_: object) -> bytes:
        """Return a path whole."""
        return _bytes(await self._call("realpath", _text(path)))

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename where nothing is in the way."""
        await self._ask("rename", path=_text(oldpath), to=_text(newpath), over=False)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename over what is in the way."""
        await self._ask("rename", path=_text(oldpath), to=_text(newpath), over=True)

    async def readlink(self, path: bytes) -> bytes:
        """Return where a link points."""
        return _bytes(await self._call("readlink", _text(path)))

    async def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        """Make a link."""
        await self._call("symlink", _text(oldpath), _text(newpath))

    async def link(self, oldpath: bytes, newpath: bytes) -> None:
        """Give a file another name."""
        await self._call("link", _text(oldpath), _text(newpath))

    async def fsync(self, file_obj: object) -> None:
        """Bring a file to the disk."""
        await self._call("sync", _file(file_obj))

    async def statvfs(self, path: bytes) -> SFTPVFSAttrs:
        """Return how full a disk is."""
        result, _ = await self._ask("disk", path=_text(path))
        return _disk(result)

    async def fstatvfs(self, file_obj: object) -> SFTPVFSAttrs:
        """Return how full a file's disk is."""
        result, _ = await self._ask("disk", file=_file(file_obj))
        return _disk(result)

    async def exit(self) -> None:
        """End what was started inside; without an exit status scp takes all for failed."""
        with contextlib.suppress(OSError):
            self.channel.exit(0)
        if self._files is not None:
            await asyncio.to_thread(self._files.close)


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape") or "."


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _file(file_obj: object) -> int:
    return int(file_obj) - 1 if isinstance(file_obj, int) else -1


def _attributes(found: list[int]) -> SFTPAttrs:
    size, uid, gid, mode, accessed, modified, links = found
    return SFTPAttrs(
        type=_KINDS.get(stat.S_IFMT(mode), FILEXFER_TYPE_SPECIAL),
        size=size,
        uid=uid,
        gid=gid,
        permissions=mode,
        atime=accessed // _SECOND,
        mtime=modified // _SECOND,
        nlink=links,
    )


def _changes(attrs: SFTPAttrs) -> dict[str, Any]:
    times = None
    if attrs.atime is not None and attrs.mtime is not None:
        times = [int(attrs.atime) * _SECOND, int(attrs.mtime) * _SECOND]
    return {
        "size": attrs.size,
        "uid": attrs.uid,
        "gid": attrs.gid,
        "mode": attrs.permissions,
        "times": times,
    }


def _disk(found: list[int]) -> SFTPVFSAttrs:
    bsize, frsize, blocks, bfree, bavail, files, ffree, favail, flag, namemax, fsid = found[:11]
    return SFTPVFSAttrs(
        bsize=bsize,
        frsize=frsize,
        blocks=blocks,
        bfree=bfree,
        bavail=bavail,
        files=files,
        ffree=ffree,
        favail=favail,
        fsid=fsid,
        flags=flag,
        namemax=namemax,
    )
