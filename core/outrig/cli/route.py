"""Entries of the command tree that are not commands. Part of the start-up path.

Both are named by entry points of the group `outrig.commands`, like commands:

    any = "acme.cli:ANY"        ANY = Route(to="", style="any", only=("session", "snapshot"))
    session = "acme.cli:SESSION"    SESSION = Group(summary="Hold nodes and run commands on them")
"""

from __future__ import annotations


class Group:
    """A group of commands: one line about it, and the tool whose shim it answers.

    `options` are those that may stand right after the group's words, each with what it means:
    `("--output json|console", "how to print")`, or `("--debug", "…")` for a flag. A command finds
    them in `Command.group_options`.
    """

    __slots__ = ("hidden", "options", "shim", "summary")

    def __init__(
        self,
        *,
        summary: str,
        shim: str | None = None,
        hidden: bool = False,
        options: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.summary = summary
        self.shim = shim
        self.hidden = hidden
        self.options = options


class Route:
    """Words that stand for other words.

    `to` is what they are replaced by (empty: they are dropped), `only` bounds which words may
    follow, `style` is the look of listings asked for this way, `shim` the tool whose launcher
    (`outrig shim install`) brings its users here. A route at a group's own words is the group's
    default command. Commands registered below the route's words win over the route.
    """

    __slots__ = ("hidden", "only", "shim", "style", "summary", "to")

    def __init__(
        self,
        *,
        to: str,
        summary: str = "",
        style: str | None = None,
        only: tuple[str, ...] = (),
        shim: str | None = None,
        hidden: bool = False,
    ) -> None:
        self.to = to
        self.summary = summary
        self.style = style
        self.only = only
        self.shim = shim
        self.hidden = hidden
