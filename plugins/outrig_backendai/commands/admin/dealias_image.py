"""`bai admin dealias-image`"""

from __future__ import annotations

from outrig.api import Command, argument
from outrig_backendai.commands.admin.changing_scaling_groups import check_admin
from outrig_backendai.compute.sessions import Compute


class BaiAdminDealiasImage(Command):
    """Take a name from an image."""

    summary = "Take a name from an image"
    details = "The image stays."
    examples = (("bai admin dealias-image py", "forget the name py"),)
    arguments = (argument("alias", "the other name"),)

    def handle(self) -> int:
        """Do it, and say so."""
        compute = Compute(self.outrig)
        check_admin(compute)
        alias = self.word("alias") or ""
        target = compute.directory.images.remove_alias(alias)
        self.note(f"alias {alias} of {target} removed")
        return 0
