"""The fields of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig_backendai.compute.agents import see_this_computer
from outrig_backendai.directory.images import Image
from outrig_backendai.listing.field import Field
from outrig_backendai.place.runtimes import scan_here

if TYPE_CHECKING:
    from outrig_backendai.compute.sessions import Compute


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedImage:
    """An image of an agent, and the other names it has."""

    image: Image
    aliases: tuple[str, ...] = ()


def list_images(compute: Compute) -> list[ListedImage]:
    """Return the images of all agents that were looked at; this computer is, when it was not."""
    directory = compute.directory
    here = see_this_computer(directory)
    if not directory.images.is_known(here.id):
        scan_here(directory, here.id)
    targets = directory.images.aliases()
    names = {alias: directory.images.named(alias) for alias in targets}
    return [
        ListedImage(
            image=one,
            aliases=tuple(
                alias for alias, target in names.items() if target in (one.reference, one.short)
            ),
        )
        for one in directory.images.all()
    ]


FIELDS: tuple[Field[ListedImage], ...] = (
    Field("registry", "Registry", lambda one: one.image.registry),
    Field("name", "Name", lambda one: one.image.name),
    Field("tag", "Tag", lambda one: one.image.tag),
    Field("type", "Type", lambda one: one.image.kind),
    Field("digest", "Digest", lambda one: one.image.digest or None),
    Field("size", "Size", lambda one: one.image.size or None),
    Field("aliases", "Aliases", lambda one: one.aliases),
    Field("agent", "Agent", lambda one: one.image.agent),
    Field("program", "Program", lambda one: one.image.program),
)
