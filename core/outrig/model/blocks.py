"""Content as stores keep it: many chunks in one compressed frame, handed on as it is."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from outrig.model.snapshot import ChunkSink, SnapshotReader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBlock:
    """One zstd frame of `size_bytes` bytes of content, and the wanted chunks that are in it.

    `chunks` are digest, start and length in the content; each was checked against its digest.
    """

    frame: bytes
    size_bytes: int
    chunks: tuple[tuple[str, int, int], ...]


Content: TypeAlias = "StoredBlock | tuple[str, bytes]"
"""A block as it is stored, or one chunk: its digest and its bytes."""


class LinkedBlock(NamedTuple):
    """A block in what a link leads to; `size_bytes` is that of its content, 0 if not compressed.

    `chunks` are digest, start and length in the content.
    """

    start: int
    stored_bytes: int
    size_bytes: int
    chunks: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A URL that gives the bytes `start` to `start + length` of a pack, and no others, for a time.

    It is asked with the header `Range`. Nobody has looked whether the blocks are what they should
    be; compressed ones are at least whole.
    """

    url: str
    start: int
    length: int
    blocks: tuple[LinkedBlock, ...]


class BlockSink(ChunkSink):
    """Takes blocks as they are stored where nearly all of one is wanted; else chunks."""

    @abstractmethod
    def block(self, block: StoredBlock) -> None:
        """Take the wanted chunks of a block."""


class BlockReader(SnapshotReader):
    """A snapshot that can be read without compressing anew what is stored compressed."""

    @abstractmethod
    def read_stored(self, digests: Collection[str]) -> Iterator[Content]:
        """Yield every wanted chunk once, in a block or by itself, in any order."""

    linked: bool = False
    """Whether `links` may give any."""

    def links(self, digests: Collection[str]) -> Iterator[Link]:  # noqa: ARG002 - there are none
        """Yield links to blocks of which nearly all is wanted; raises `StoreError`, `AuthError`."""
        return iter(())
