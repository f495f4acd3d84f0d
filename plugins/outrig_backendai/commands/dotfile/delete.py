"""`bai dotfile delete`"""

from __future__ import annotations

from outrig.errors import OutrigError
from outrig_backendai.commands.dotfiles import FORCE, PATH, WHOSE, DotfileCommand


class BaiDotfileDelete(DotfileCommand):
    """Forget a dotfile."""

    summary = "Keep a dotfile no longer"
    details = "Sessions that have it keep it."
    examples = (("bai dotfile delete .bashrc", "from now on"),)
    arguments = (PATH,)
    options = (FORCE, *WHOSE)

    def handle(self) -> int:
        """Forget it, once that is sure."""
        dotfiles, path = self.dotfiles(), self.word("path") or ""
        dotfiles.get(path)
        sure = self.flag("force") or self.confirm(f"Delete {path}?", assume_without_terminal=True)
        if not sure:
            raise OutrigError("nothing was deleted")
        self.line(f"Dotfile {dotfiles.remove(path).path} deleted")
        return 0
