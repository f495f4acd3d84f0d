"""`bai dotfile create`"""

from __future__ import annotations

from outrig_backendai.commands.dotfiles import FILE, PATH, PERM, WHOSE, DotfileCommand, read_given
from outrig_backendai.directory.dotfiles import (
    DEFAULT_PERMISSION,
    MOST_BYTES,
    Dotfile,
    checked_path,
    checked_permission,
)


class BaiDotfileCreate(DotfileCommand):
    """Keep a file that every session begins with."""

    summary = "Keep a file that every session begins with"
    details = (
        "Sessions that start from now on have it at its path. Of one path a user's comes before a "
        "group's, and that before a domain's. All of one owner may hold 64 KiB."
    )
    examples = (("bai dotfile create .bashrc < bashrc", "from standard input"),)
    arguments = (PATH,)
    options = (PERM, FILE, *WHOSE)

    def handle(self) -> int:
        """Keep it."""
        path = checked_path(self.word("path") or "")
        permission = checked_permission(self.text("perm") or DEFAULT_PERMISSION)
        dotfiles = self.dotfiles()
        data = read_given(self.text("file"), MOST_BYTES)
        dotfiles.add(Dotfile(path=path, permission=permission, data=data))
        self.line(f"Dotfile {path} created and ready")
        return 0
