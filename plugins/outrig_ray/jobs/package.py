"""A directory as the package that Ray unpacks on its nodes."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.api import EntryKind
from outrig.errors import UsageError
from outrig_ray.jobs.client import UPLOAD_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from outrig.api import Entry, Outrig, SnapshotReader
    from outrig_ray.jobs.client import Jobs

IGNORE_FILES = (".gitignore", ".outrigignore", ".rayignore")
_PROJECT = "ray-jobs"
_FORM = "1"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MIB = 1024 * 1024
_LINKS = 40
"""How many symlinks in a row are followed, as everywhere on Linux."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A package that the cluster has: how Ray is told of it, and what it took to get it there."""

    uri: str
    files: int
    sent_bytes: int


def upload_directory(
    outrig: Outrig,
    jobs: Jobs,
    directory: Path,
    *,
    exclude: Sequence[str] = (),
    inside: str = "",
    otherwise: Callable[[Path], str] | None = None,
) -> Packed:
    """Give a directory to the cluster, unless it has it just so; raises `UsageError`.

    Left out is what the ignore rules and `exclude` say. With `inside` all is below a directory of
    that name. What is too large goes the way `otherwise` knows, which returns where it is then.
    """
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory")
    reader = outrig.snapshots.gather(
        [("x", directory)],
        _PROJECT,
        directory.name or "/",
        exclude=exclude,
        ignore_files=IGNORE_FILES,
    )
    files = _plain(reader)
    name = f"_ray_pkg_{_digest(files, inside)}.zip"
    if jobs.has_package(name):
        return Packed(uri=f"gcs://{name}", files=len(files), sent_bytes=0)
    data = _zipped(reader, files, inside)
    if len(data) >= UPLOAD_LIMIT and otherwise is not None:
        return Packed(uri=otherwise(directory), files=len(files), sent_bytes=len(data))
    check_size(data, files, str(directory))
    jobs.put_package(name, data)
    return Packed(uri=f"gcs://{name}", files=len(files), sent_bytes=len(data))


def check_size(data: bytes, files: Sequence[tuple[str, Entry]], what: str) -> None:
    """Refuse a package that no dashboard takes; raises `UsageError` with its largest files."""
    if len(data) < UPLOAD_LIMIT:
        return
    largest = sorted(files, key=lambda one: -one[1].size_bytes)[:3]
    names = ", ".join(f"{path} ({entry.size_bytes / _MIB:.0f} MiB)" for path, entry in largest)
    raise UsageError(
        f"{what} is {len(data) / _MIB:.0f} MiB packed; a Ray dashboard takes "
        f"{UPLOAD_LIMIT // _MIB} MiB",
        hint=f"the largest are {names}: name what is not needed in .outrigignore, or give "
        "--address the name of a cluster of outrig ray up, which takes any size",
    )


def _plain(reader: SnapshotReader) -> list[tuple[str, Entry]]:
    """Return the files by path, links as what they lead to: Ray's packages hold nothing else."""
    entries = {one.path[2:]: one for one in reader.entries() if one.path != "x"}
    found: dict[str, Entry] = {}
    for path, entry in entries.items():
        if entry.kind is EntryKind.FILE:
            found[path] = entry
        elif entry.kind is EntryKind.SYMLINK:
            found.update(_behind(path, entries))
    return sorted(found.items())


def _behind(path: str, entries: dict[str, Entry]) -> Iterator[tuple[str, Entry]]:
    target = path
    for _ in range(_LINKS):
        entry = entries.get(target)
        if entry is None or entry.kind is not EntryKind.SYMLINK:
            break
        target = _joined(target, entry.target or "")
    else:
        return
    if entry is not None and entry.kind is EntryKind.FILE:
        yield path, entry
    if entry is not None and entry.kind is EntryKind.DIRECTORY:
        for below, one in entries.items():
            if below.startswith(f"{target}/") and one.kind is EntryKind.FILE:
                yield path + below[len(target) :], one


def _joined(link: str, target: str) -> str:
    """Return where a link leads within the directory; nowhere for what lies outside."""
    if target.startswith("/"):
        return ""
    parts = link.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _digest(files: Sequence[tuple[str, Entry]], inside: str) -> str:
    digest = hashlib.sha256(f"{_FORM}\0{inside}\0".encode())
    for path, entry in files:
        line = f"{path}\0{entry.executable:d}\0{','.join(entry.chunks)}\0"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:40]


def _zipped(reader: SnapshotReader, files: Sequence[tuple[str, Entry]], inside: str) -> bytes:
    contents = chunks_of(reader, [entry for _, entry in files])
    prefix = f"{inside}/" if inside else ""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, entry in files:
            try:
                name = (prefix + path).encode().decode()
            except UnicodeEncodeError:
                raise UsageError(
                    f"{path!r}: Ray takes only names that are UTF-8",
                    hint="rename it, or name it in .outrigignore",
                ) from None
            add_file(archive, name, [contents[one] for one in entry.chunks], entry.executable)
        if not files:
            add_file(archive, f"{prefix}.empty", [], executable=False)
    return out.getvalue()


def add_file(archive: zipfile.ZipFile, name: str, parts: Sequence[bytes], executable: bool) -> None:
    """Put a file into a package, so that the same files make the same package."""
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100755 if executable else 0o100644) << 16
    info.create_system = 3
    archive.writestr(info, b"".join(parts))


def chunks_of(reader: SnapshotReader, entries: Sequence[Entry]) -> dict[str, bytes]:
    """Return the content of files by digest."""
    return dict(reader.read({chunk for one in entries for chunk in one.chunks}))
