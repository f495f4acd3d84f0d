"""A source that is read and hashed in one pass, before its entries are known."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from outrig.model.snapshot import SnapshotReader

if TYPE_CHECKING:
    from collections.abc import Iterator


class StreamedReader(SnapshotReader):
    """Hands over content while it finds out what there is; a store asks with `isinstance`."""

    @abstractmethod
    def stream(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield `(digest, content)` of chunks as they are read: once, then nothing."""

    @abstractmethod
    def encoding(self) -> tuple[list[bytes], bytes]:
        """Return the manifest's parts in order, and the packed times (see `manifest`)."""
