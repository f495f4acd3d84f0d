"""Walks a project directory: what belongs in the snapshot, and how each file stands.

Every directory is opened below its parent's descriptor, so neither long paths nor a link swapped in
meanwhile can lead elsewhere. A directory whose own stat, ignore rules and kind are as in the cache
is not listed again: its files are only asked for their stat.
"""

from __future__ import annotations

import os
import stat
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrig.model.snapshot import LeftOut
from outrig.snapshot.directory import (
    INODE_MASK,
    OPEN_DIRECTORY,
    OPEN_FILE,
    RACY_NS,
    STAT_FIELDS,
    Directory,
    ScanOptions,
    special_kind,
)
from outrig.snapshot.ignore import Ignore
from outrig.snapshot.leading import MAX_DEPTH, leads_to_output
from outrig.snapshot.outputs import OUTSIDE, OutputState, output_states
from outrig.snapshot.pathname import display
from outrig.snapshot.staging import is_staging

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.snapshot.scancache import CachedDirectory

_IGNORE_LIMIT = 16 << 20


@dataclass(slots=True)
class _Frame:
    path: bytes
    fd: int
    ignore: Ignore
    outputs: OutputState
    dropped: bool
    """The ignore rules leave this directory out; only what an output names is taken."""
    children: Iterator[tuple[bytes, OutputState, bool]] = field(default_factory=lambda: iter(()))


@dataclass(slots=True)
class _Listing:
    names: list[bytes] = field(default_factory=list)
    stats: array[int] = field(default_factory=lambda: array("q"))
    output: bytearray = field(default_factory=bytearray)
    children: list[tuple[bytes, OutputState, bool]] = field(default_factory=list)
    ignored: int = 0
    fickle: bool = False
    """What is in it depends on more than its own stat tells."""

    def add(self, name: bytes, status: os.stat_result, output: bool) -> None:
        self.names.append(name)
        self.output.append(output)
        self.stats.extend(
            (
                status.st_mode,
                status.st_ino & INODE_MASK,
                status.st_size,
                status.st_mtime_ns,
                status.st_ctime_ns,
            )
        )


class Walk:
    """One walk over a root. Iterate it once; then `left_out`, `problems` and the rest are whole."""

    def __init__(
        self,
        root: bytes,
        options: ScanOptions,
        cache: Mapping[bytes, CachedDirectory] | None = None,
    ) -> None:
        self._root = os.path.realpath(root)
        self._all = options.all_files
        self._files = options.ignore_files
        self._rules = Ignore()
        if options.exclude:
            lines = "\n".join(options.exclude)
            self._rules = self._rules.with_file(b"", os.fsencode(lines))
        self._cache = cache or {}
        self._inner, self._outer = output_states(
            tuple(one for one in options.outputs if one), self._root
        )
        self.started_ns = time.time_ns()
        self.left_out: list[LeftOut] = []
        self.problems: list[LeftOut] = []
        self.ignored = 0

    @property
    def missing_outputs(self) -> tuple[str, ...]:
        """The `output_files` that named nothing, once the walk is over."""
        return self._inner.found.missing()

    def __iter__(self) -> Iterator[Directory]:
        stack: list[_Frame] = []
        try:
            directory = self._open_root(stack)
            yield directory
            while stack:
                child = next(stack[-1].children, None)
                if child is None:
                    os.close(stack.pop().fd)
                else:
                    yield self._enter(stack, *child)
        finally:
            for frame in stack:
                os.close(frame.fd)

    def _open_root(self, stack: list[_Frame]) -> Directory:
        fd = os.open(self._root, OPEN_DIRECTORY)
        stack.append(_Frame(b"", fd, self._rules, self._inner, dropped=False))
        directory = self._read(stack[-1])
        if self._outer.open:
            self._graft(stack[-1], directory)
        return directory

    def _graft(self, frame: _Frame, directory: Directory) -> None:
        """Add the way to the outputs from outside, `.outrig/outputs`, to the root's names."""
        name = OUTSIDE.split(b"/")[0]
        at = sum(1 for one in directory.names if one < name)
        status = os.fstat(frame.fd)
        directory.names.insert(at, name)
        fields = (stat.S_IFDIR | 0o755, 0, 0, status.st_mtime_ns, -1)
        directory.stats[at * STAT_FIELDS : at * STAT_FIELDS] = array("q", fields)
        directory.output = directory.output[:at] + b"\1" + directory.output[at:]
        directory.unchanged = False
        directory.own = (0, 0, -1)
        children = list(frame.children)
        children.append((name, self._outer, True))
        frame.children = iter(sorted(children, key=lambda child: child[0]))

    def _enter(
        self, stack: list[_Frame], name: bytes, outputs: OutputState, dropped: bool
    ) -> Directory:
        above = stack[-1]
        path = above.path + b"/" + name if above.path else name
        if not above.path and outputs is self._outer:
            return self._enter_outside(stack, path)
        if above.path == OUTSIDE.split(b"/")[0]:
            fd = os.open(b"/", OPEN_DIRECTORY)
        elif len(stack) > MAX_DEPTH:
            self.problems.append(LeftOut(display(path), f"more than {MAX_DEPTH} levels deep"))
            return Directory(path, -1, [], array("q"), b"")
        else:
            try:
                fd = os.open(name, OPEN_DIRECTORY, dir_fd=above.fd)
            except FileNotFoundError:
                self.left_out.append(LeftOut(display(path), "vanished while being read"))
                return Directory(path, -1, [], array("q"), b"")
            except OSError as err:
                self.problems.append(LeftOut(display(path), err.strerror or str(err)))
                return Directory(path, -1, [], array("q"), b"")
        stack.append(_Frame(path, fd, above.ignore.below(name), outputs, dropped))
        return self._read(stack[-1])

    def _enter_outside(self, stack: list[_Frame], path: bytes) -> Directory:
        """Enter `.outrig` of the snapshot, which stands for nothing on disk but `outputs`."""
        frame = _Frame(path, os.dup(stack[-1].fd), Ignore(), self._outer, dropped=True)
        name = OUTSIDE.split(b"/")[1]
        frame.children = iter([(name, OutputState(self._outer.found, self._outer.open), True)])
        stack.append(frame)
        mtime_ns = os.fstat(frame.fd).st_mtime_ns
        fields = array("q", (stat.S_IFDIR | 0o755, 0, 0, mtime_ns, -1))
        return Directory(path, frame.fd, [name], fields, b"\1")

    def _read(self, frame: _Frame) -> Directory:
        """List one directory, or only ask for the stat of the names the cache has."""
        status = os.fstat(frame.fd)
        own = (status.st_ino & INODE_MASK, status.st_mtime_ns, status.st_ctime_ns)
        cached = self._cache.get(frame.path)
        known = cached is not None and cached.own == own
        bits = self._read_ignore_files(frame, cached.ignore_files if cached and known else None)
        known = known and cached is not None and cached.ignore_key == frame.ignore.key
        before = len(self.left_out) + len(self.problems)
        listing = None
        if known and cached is not None:
            listing = self._restat(frame, cached)
        fresh = listing is None
        if listing is None:
            listing = self._list(frame)
        told = len(self.left_out) + len(self.problems) > before
        if told or listing.fickle or self._is_racy(own):
            own = (0, 0, -1)
        frame.children = iter(listing.children)
        self.ignored += listing.ignored
        return Directory(
            frame.path,
            frame.fd,
            listing.names,
            listing.stats,
            bytes(listing.output),
            own,
            frame.ignore.key,
            bits,
            listing.ignored,
            cached,
            not fresh and cached is not None and listing.stats == cached.stats,
        )

    def _is_racy(self, own: tuple[int, int, int]) -> bool:
        return max(own[1], own[2]) >= self.started_ns - RACY_NS

    def _restat(self, frame: _Frame, cached: CachedDirectory) -> _Listing | None:
        """Ask for the stat of every cached name; `None` when one is gone after all."""
        stats = array("q")
        extend = stats.extend
        lstat = os.stat
        fd = frame.fd
        try:
            for name in cached.names:
                s = lstat(name, dir_fd=fd, follow_symlinks=False)
                extend((s.st_mode, s.st_ino & INODE_MASK, s.st_size, s.st_mtime_ns, s.st_ctime_ns))
        except OSError:
            return None
        listing = _Listing(cached.names, stats, bytearray(cached.output), [], cached.ignored)
        for at, name in enumerate(cached.names):
            if stat.S_ISDIR(stats[at * STAT_FIELDS]):
                state = frame.outputs.enter(name)
                dropped = not state.inside and (
                    frame.dropped or self._ignored(frame, name, is_directory=True)
                )
                listing.children.append((name, state, dropped))
            elif frame.outputs.open:
                frame.outputs.enter(name)
        return listing

    def _list(self, frame: _Frame) -> _Listing:
        listing = _Listing()
        plain = not (frame.outputs.open or frame.dropped)
        inside = frame.outputs.inside
        ignores = frame.ignore.ignores if frame.ignore.key and not (self._all or inside) else None
        for name in self._candidates(frame):
            if name.startswith(b".") and self._is_left_out(frame, name):
                continue
            try:
                status = os.stat(name, dir_fd=frame.fd, follow_symlinks=False)
            except FileNotFoundError:
                continue
            except OSError as err:
                self.problems.append(LeftOut(self._shown(frame, name), err.strerror or str(err)))
                continue
            # nearly all that there is: an ordinary file, in a directory that no output leads into
            if plain and status.st_mode & 0o170000 == stat.S_IFREG:
                if ignores is None or not ignores(name, is_directory=False):
                    listing.add(name, status, inside)
                else:
                    listing.ignored += 1
            else:
                self._consider(frame, listing, name, status)
        return listing

    def _is_left_out(self, frame: _Frame, name: bytes) -> bool:
        """Say whether a name that begins with a dot is ours, or git's."""
        if name == b".git":
            return self._skips_git(frame)
        return name == b".outrig" or is_staging(name)

    def _skips_git(self, frame: _Frame) -> bool:
        return not (self._all or frame.outputs.inside)

    def _candidates(self, frame: _Frame) -> list[bytes]:
        if frame.dropped and not frame.outputs.wants_all_names():
            return sorted(frame.outputs.literal_names())
        try:
            return sorted(map(os.fsencode, os.listdir(frame.fd)))  # noqa: PTH208 - a descriptor
        except OSError as err:
            self.problems.append(LeftOut(display(frame.path) or ".", err.strerror or str(err)))
            return []

    def _consider(
        self, frame: _Frame, listing: _Listing, name: bytes, status: os.stat_result
    ) -> None:
        is_directory = stat.S_ISDIR(status.st_mode)
        state = frame.outputs.enter(name) if frame.outputs.open else frame.outputs
        dropped = not state.inside and (
            frame.dropped or self._ignored(frame, name, is_directory=is_directory)
        )
        if dropped and is_directory and state.open:
            listing.fickle = True  # an output may come or go in it, and leave this as it is
            dropped_whole = not leads_to_output(frame.fd, name, state)
        else:
            dropped_whole = dropped
        if dropped_whole:
            listing.ignored += 1
            return
        if is_directory:
            listing.children.append((name, state, dropped))
        elif not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
            self.left_out.append(LeftOut(self._shown(frame, name), special_kind(status.st_mode)))
            return
        listing.add(name, status, state.inside or dropped)

    def _ignored(self, frame: _Frame, name: bytes, *, is_directory: bool) -> bool:
        return not self._all and frame.ignore.ignores(name, is_directory=is_directory)

    def _shown(self, frame: _Frame, name: bytes) -> str:
        return display(frame.path + b"/" + name if frame.path else name)

    def _read_ignore_files(self, frame: _Frame, known: int | None) -> int:
        """Put the directory's own ignore files before the rules from above; returns which exist."""
        if self._all or frame.dropped or frame.outputs.inside:
            return 0
        found = 0
        for at, file in enumerate(self._files):
            if known is not None and not known & 1 << at:
                continue
            try:
                fd = os.open(file, OPEN_FILE, dir_fd=frame.fd)
            except OSError as err:
                if not isinstance(err, FileNotFoundError) and not _is_link(file, frame.fd):
                    shown = self._shown(frame, file)
                    self.problems.append(LeftOut(shown, err.strerror or str(err)))
                continue
            with os.fdopen(fd, "rb") as stream:
                if stat.S_ISREG(os.fstat(fd).st_mode):
                    found |= 1 << at
                    frame.ignore = frame.ignore.with_file(file, stream.read(_IGNORE_LIMIT))
        return found


def _is_link(name: bytes, fd: int) -> bool:
    """Say whether it is a symbolic link: git, too, reads no ignore rules through one."""
    return stat.S_ISLNK(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
