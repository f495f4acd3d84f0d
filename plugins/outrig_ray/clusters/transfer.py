"""Files to and from a node, outside of the session's directory: anywhere its user may write.

What goes there goes as one tar stream into the session's directory, and from there to its place.
"""

from __future__ import annotations

import shlex
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from outrig.api import Entry, EntryKind, WithFiles
from outrig.errors import NotFoundError, PluginError, UsageError
from outrig_ray.clusters.cluster import PROJECT
from outrig_ray.clusters.container import get_script, put_script
from outrig_ray.clusters.script import STATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig.api import ClusterContainer, Node, Outrig, Session

_PIECE = 1 << 20
_BLOCK = tarfile.BLOCKSIZE
HOME = r"""home() { case $1 in '~') printf %s "$HOME";; '~/'*) printf '%s/%s' "$HOME" "${1#'~/'}";;
  *) printf %s "$1";; esac; }
"""
_PLACE = r"""work=$PWD
target=$(home {target})
aside="$work/{aside}"
trap 'rm -rf "$aside" "$aside.tar"' EXIT
mkdir -p "$aside" && tar -xf "$aside.tar" -C "$aside" || exit 1
"""
_DIRECTORY = """mkdir -p "$target" && cp -a "$aside"/. "$target"/
"""
_FILE = r"""case $target in
  */) mkdir -p "$target" ;;
  *) mkdir -p "$(dirname "$target")" ;;
esac || exit 1
[ ! -d "$target" ] || target="${{target%/}}/"{name}
cp -a "$aside"/{name} "$target"
"""
_FETCH = r"""source=$(home {source})
mkdir -p "{aside}" && cp -a "$source" "{aside}"/
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Files that lie packed in the session's directory on a node; `script` puts them in place."""

    script: str


def send(
    outrig: Outrig,
    session: Session,
    nodes: Sequence[Node],
    source: str,
    target: str,
    *,
    exclude: Sequence[str] = (),
    filters: Sequence[str] = (),
    container: ClusterContainer | None = None,
) -> Parcel:
    """Send a file or directory to nodes; as with rsync, `source/` is what is in a directory.

    Returns what is still to be run on them. Raises `NotFoundError`, `RemoteError`.
    """
    path = Path(source).expanduser()
    if not path.exists():
        raise NotFoundError(f"there is no file and no directory {source}")
    provider = outrig.runtime.provider(session)
    if not isinstance(provider, WithFiles):
        raise PluginError(f'provider "{session.provider}" gives no access to files')
    contents = path.is_dir() and source.endswith("/")
    reader = outrig.snapshots.gather(
        [("x", path)], PROJECT, path.name, exclude=exclude, ignore_files=filters
    )
    base = path.resolve()
    entries = [one._replace(path=one.path[2:]) for one in reader.entries() if one.path != "x"]
    prefix = "" if contents or not path.is_dir() else f"{base.name}/"
    root = base if path.is_dir() else base.parent
    aside = f"{STATE}/put-{uuid4().hex}"
    for node in nodes:
        outrig.cancel.check()
        provider.write_file(
            session.id, node, f"{aside}.tar", _packed(root, entries, prefix), executable=False
        )
    if container is not None:
        kind = put_script(container, session.id, target, "" if path.is_dir() else base.name)
        target = ""
    else:
        kind = _DIRECTORY if path.is_dir() else _FILE.format(name=shlex.quote(base.name))
    return Parcel(
        script=HOME + _PLACE.format(target=shlex.quote(target or "~/"), aside=aside) + kind
    )


def _packed(root: Path, entries: Sequence[Entry], prefix: str) -> Iterator[bytes]:
    """Yield a tar archive of files below `root`."""
    if prefix:
        yield _header(Entry(path=prefix.rstrip("/"), kind=EntryKind.DIRECTORY), "")
    for entry in entries:
        yield _header(entry, prefix)
        if entry.kind is EntryKind.FILE:
            yield from _content(root / entry.path, entry)
    yield bytes(2 * _BLOCK)


def _header(entry: Entry, prefix: str) -> bytes:
    info = tarfile.TarInfo(prefix + entry.path)
    info.mtime = entry.mtime_ns // 1_000_000_000
    info.mode = 0o755 if entry.executable or entry.kind is EntryKind.DIRECTORY else 0o644
    if entry.kind is EntryKind.DIRECTORY:
        info.type = tarfile.DIRTYPE
    elif entry.kind is EntryKind.SYMLINK:
        info.type, info.linkname = tarfile.SYMTYPE, entry.target or ""
    else:
        info.size = entry.size_bytes
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _content(path: Path, entry: Entry) -> Iterator[bytes]:
    left = entry.size_bytes
    try:
        with path.open("rb") as file:
            while left and (data := file.read(min(_PIECE, left))):
                left -= len(data)
                yield data
    except OSError as err:
        raise NotFoundError(f"{path} cannot be read: {err.strerror}") from err
    if left:
        raise UsageError(f"{path} changed while it was read", hint="try again")
    yield bytes(-entry.size_bytes % _BLOCK)


def fetch_script(
    source: str, aside: str, session: str, container: ClusterContainer | None = None
) -> str:
    """Return what puts a copy of something on a node into the session's directory there."""
    if container is not None:
        return get_script(container, session, source, aside)
    return HOME + _FETCH.format(source=shlex.quote(source), aside=aside)


def new_aside() -> str:
    """Return the name of a new directory for files on their way here."""
    return f"{STATE}/get-{uuid4().hex}"
