"""What is in a store, told from a listing alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.snapshot import label, pack

if TYPE_CHECKING:
    from outrig.interfaces import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatistics:
    """How many snapshots and packs there are, and the bytes that all objects take."""

    snapshots: int = 0
    packs: int = 0
    size_bytes: int = 0


def store_statistics(store: ObjectStore) -> StoreStatistics:
    """List a store, and count."""
    snapshots = packs = size = 0
    for one in store.list(""):
        size += one.size_bytes
        packs += pack.key_digest(one.key) is not None
        name = one.key.removeprefix(label.PREFIX)
        snapshots += name != one.key and label.is_id(name)
    return StoreStatistics(snapshots=snapshots, packs=packs, size_bytes=size)
