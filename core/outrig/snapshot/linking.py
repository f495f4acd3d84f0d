"""Links to blocks of a store, for nodes that fetch them without credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.model.blocks import Link, LinkedBlock
from outrig.snapshot.loader import is_nearly_all, neighbouring_blocks
from outrig.snapshot.pack import ZSTD
from outrig.snapshot.repository import opened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from outrig.interfaces import Context, ObjectStore, WithLinks
    from outrig.snapshot.index import Place

VALID_S = 3600.0


def links(
    store: ObjectStore, linking: WithLinks, digests: Collection[str], context: Context
) -> Iterator[Link]:
    """Yield links to blocks of which nearly all is wanted; `store` and `linking` are the same.

    Of a block less of which is wanted the rest is nobody's business at the other end.
    """
    with opened(store, context) as repository:
        places = repository.places([bytes.fromhex(one) for one in digests], set())
    for run in neighbouring_blocks(_nearly_whole(places)):
        url = linking.link(run.pack, run.start, run.end - run.start, VALID_S)
        if url is None:
            return
        blocks = tuple(_block(place, run.start, wanted) for place, wanted in run.blocks)
        yield Link(url=url, start=run.start, length=run.end - run.start, blocks=blocks)


def _nearly_whole(places: dict[bytes, Place]) -> dict[bytes, Place]:
    """Return the chunks that are in blocks of which nearly all is wanted."""
    blocks: dict[tuple[str, int], list[tuple[bytes, Place]]] = {}
    for digest, place in places.items():
        blocks.setdefault((place.pack, place.at), []).append((digest, place))
    return {
        digest: place
        for wanted in blocks.values()
        if is_nearly_all(wanted, wanted[0][1].raw)
        for digest, place in wanted
    }


def _block(place: Place, start: int, wanted: list[tuple[bytes, Place]]) -> LinkedBlock:
    chunks = tuple((digest.hex(), at.start, at.length) for digest, at in wanted)
    size = place.raw if place.codec == ZSTD else 0
    return LinkedBlock(place.at - start, place.stored, size, chunks)
