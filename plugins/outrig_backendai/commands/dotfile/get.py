"""`bai dotfile get`"""

from __future__ import annotations

from outrig_backendai.commands.dotfiles import PATH, WHOSE, DotfileCommand


class BaiDotfileGet(DotfileCommand):
    """Print a dotfile."""

    summary = "Print what a dotfile holds"
    examples = (("bai dotfile get .bashrc > bashrc", "exactly as it was given"),)
    arguments = (PATH,)
    options = WHOSE

    def handle(self) -> int:
        """Print it."""
        self.write(self.dotfiles().get(self.word("path") or "").data)
        return 0
