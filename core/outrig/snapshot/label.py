"""A snapshot's label in a store: the object whose presence makes the snapshot visible.

Two lines: the BLAKE3 of the second, and JSON. It names the tree's digest and the chunks that hold
the list of files and their times. Labels are never changed, only deleted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from outrig.errors import StoreError
from outrig.model.snapshot import GitState, SnapshotInfo

PREFIX = "snapshots/"
FORMAT = 1
MAX_LABEL = 16 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID_LETTERS = frozenset("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label with where the content is: digests of the pieces of the list and of the times."""

    info: SnapshotInfo
    pieces: tuple[bytes, ...]
    times: tuple[bytes, ...]


def label_key(snapshot_id: str) -> str:
    """Return the key of a snapshot's label."""
    return PREFIX + snapshot_id


def is_id(text: str) -> bool:
    """Say whether `text` is a whole snapshot id."""
    return len(text) == 26 and set(text) <= _ID_LETTERS


def microseconds(moment: datetime) -> int:
    """Return a time as microseconds since 1970, UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(value: int) -> datetime:
    """Return the time that is `value` microseconds after 1970, UTC."""
    return datetime.fromtimestamp(value / 1_000_000, UTC)


def encode_label(label: Label) -> bytes:
    """Return a label's stored form."""
    from blake3 import blake3

    info = label.info
    fields: dict[str, object] = {
        "format": FORMAT,
        "id": info.id,
        "name": info.name,
        "digest": info.digest,
        "project": info.project_id,
        "created_us": microseconds(info.created_at),
        "description": info.description,
        "files": info.file_count,
        "bytes": info.size_bytes,
        "missing_outputs": list(info.missing_outputs),
        "pieces": [one.hex() for one in label.pieces],
        "times": [one.hex() for one in label.times],
    }
    if info.git is not None:
        git = info.git
        fields["git"] = {"commit": git.commit, "branch": git.branch, "dirty": git.dirty}
    body = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    return blake3(body).hexdigest().encode() + b"\n" + body + b"\n"


def decode_label(data: bytes, snapshot_id: str) -> Label:
    """Read a label; raises `StoreError` when it is damaged, foreign or of a later format."""
    from blake3 import blake3

    checksum, _, rest = data.partition(b"\n")
    body = rest.removesuffix(b"\n")
    if blake3(body).hexdigest().encode() != checksum:
        raise StoreError(f"the label of snapshot {snapshot_id} is damaged")
    try:
        fields = json.loads(body)
        if fields["format"] != FORMAT:
            raise StoreError(
                f"snapshot {snapshot_id} is of format {fields['format']!r}",
                hint="a newer Outrig wrote it: upgrade",
            )
        label = Label(
            info=_info(fields),
            pieces=tuple(bytes.fromhex(one) for one in fields["pieces"]),
            times=tuple(bytes.fromhex(one) for one in fields["times"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as err:
        raise StoreError(f"the label of snapshot {snapshot_id} cannot be read") from err
    if label.info.id != snapshot_id:
        raise StoreError(f"the label of snapshot {snapshot_id} is that of {label.info.id}")
    return label


def _info(fields: dict[str, Any]) -> SnapshotInfo:
    git = fields.get("git")
    return SnapshotInfo(
        id=str(fields["id"]),
        name=str(fields["name"]),
        digest=bytes.fromhex(fields["digest"]).hex(),
        project_id=str(fields["project"]),
        created_at=from_microseconds(int(fields["created_us"])),
        description=str(fields["description"]),
        file_count=int(fields["files"]),
        size_bytes=int(fields["bytes"]),
        git=None if git is None else GitState(**git),
        missing_outputs=tuple(map(str, fields["missing_outputs"])),
    )
