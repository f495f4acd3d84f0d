"""Makes up a store with many snapshots: labels only, as a list looks at nothing else."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def many_labels(store: Path, root: Path, count: int) -> None:
    """Write the labels of `count` snapshots of the project at `root` into a store on disk."""
    from outrig import ids
    from outrig.model.snapshot import SnapshotInfo
    from outrig.project.identity import root_identity
    from outrig.snapshot.label import Label, encode_label, label_key

    (store / "snapshots").mkdir(parents=True)
    now = datetime.now(UTC)
    project = root_identity(root)
    for number in range(count):
        digest = hashlib.sha256(b"%d" % number)
        info = SnapshotInfo(
            id=ids.new_id(),
            name=f"run-{number}",
            digest=digest.hexdigest(),
            project_id=project,
            created_at=now - timedelta(minutes=number),
            description=f"attempt {number}" if number % 3 else "",
            file_count=100 + number % 7,
            size_bytes=100_000 + number * 37,
        )
        label = Label(info=info, pieces=(digest.digest(),), times=(digest.digest(),))
        (store / label_key(info.id)).write_bytes(encode_label(label))
