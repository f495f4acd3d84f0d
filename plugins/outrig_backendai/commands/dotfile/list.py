"""`bai dotfile list`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig_backendai.commands.dotfiles import WHOSE, DotfileCommand
from outrig_backendai.listing.field import Field
from outrig_backendai.listing.page import Page
from outrig_backendai.listing.printing import print_page

if TYPE_CHECKING:
    from outrig_backendai.directory.dotfiles import Dotfile

_SHOWN = 30


def _text(one: Dotfile) -> str:
    return one.data.decode(errors="replace")


def _first_line(one: Dotfile) -> str:
    return "".join(_text(one)[:_SHOWN].splitlines()[:1])


_FIELDS: tuple[Field[Dotfile], ...] = (
    Field("path", "Path", lambda one: one.path),
    Field("data", "Data", _text, (), _first_line),
    Field("permission", "Permission", lambda one: one.permission),
)


class BaiDotfileList(DotfileCommand):
    """List dotfiles."""

    summary = "List dotfiles"
    examples = (("bai dotfile list", "your own"),)
    options = WHOSE

    def handle(self) -> int:
        """Print them."""
        found = self.dotfiles().select()
        page = Page(found, len(found))
        print_page(self, page, _FIELDS, empty="There is no dotfiles created yet.")
        return 0
