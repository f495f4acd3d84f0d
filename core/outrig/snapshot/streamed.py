"""A source that is read and hashed in one pass, before its entries are known."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from outrig.model.snapshot import SnapshotReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.snapshot.manifest import Part


class StreamedReader(SnapshotReader):
    """Hands over content while it finds out what there is; a store asks with `isinstance`."""

    @abstractmethod
    def hand_over(self, take: Callable[[bytes, bytes], None]) -> bool:
        """Read everything, and give `take` each chunk's digest and content.

        Returns false, and gives nothing, when everything was read before.
        """

    @abstractmethod
    def encoding(self) -> tuple[list[Part], bytes]:
        """Return the manifest's parts in order, and the packed times (see `manifest`)."""
