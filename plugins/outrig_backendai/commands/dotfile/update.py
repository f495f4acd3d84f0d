"""`bai dotfile update`"""

from __future__ import annotations

from outrig_backendai.commands.dotfiles import FILE, PATH, PERM, WHOSE, DotfileCommand, read_given
from outrig_backendai.directory.dotfiles import (
    MOST_BYTES,
    Dotfile,
    checked_path,
    checked_permission,
)


class BaiDotfileUpdate(DotfileCommand):
    """Keep another content for a dotfile."""

    summary = "Keep another content for a dotfile"
    details = (
        "Sessions that start from now on have it at its path. Of one path a user's comes before a "
        "group's, and that before a domain's. All of one owner may hold 64 KiB."
    )
    examples = (("bai dotfile update .bashrc < bashrc", "from now on"),)
    arguments = (PATH,)
    options = (PERM, FILE, *WHOSE)

    def handle(self) -> int:
        """Keep it."""
        path = checked_path(self.word("path") or "")
        dotfiles = self.dotfiles()
        permission = checked_permission(self.text("perm") or dotfiles.get(path).permission)
        data = read_given(self.text("file"), MOST_BYTES)
        dotfiles.change(Dotfile(path=path, permission=permission, data=data))
        self.line(f"Dotfile {path} updated")
        return 0
