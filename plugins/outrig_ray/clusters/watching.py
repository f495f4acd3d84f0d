"""Who hears of what happens on the nodes while a cluster is brought up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig.api import Node
    from outrig.errors import OutrigError


class Watcher:
    """Hears what happens on the nodes, from several threads."""

    def step(self, node: Node, title: str) -> None:
        """Something begins on a node."""

    def done(self, node: Node, title: str) -> None:
        """It has ended well."""

    def line(self, node: Node, text: str) -> None:
        """A command printed a line."""

    def failed(self, _node: Node, error: OutrigError) -> None:
        """A node does not go on."""

    def notice(self, text: str) -> None:
        """Something that the user should know."""
