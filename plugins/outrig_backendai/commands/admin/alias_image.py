"""`bai admin alias-image`"""

from __future__ import annotations

from outrig.api import Command, argument, option
from outrig_backendai.commands.admin.changing_scaling_groups import check_admin
from outrig_backendai.compute.sessions import Compute


class BaiAdminAliasImage(Command):
    """Give an image another name."""

    summary = "Give an image another name"
    details = "A name that was given before now stands for this image."
    examples = (("bai admin alias-image py python:3.11", "then: bai start py"),)
    arguments = (
        argument("alias", "the other name"),
        argument("target", "the image, or a name of it"),
    )
    options = (
        option("arch", None, "for scripts: agents have images for themselves", value="ARCH"),
    )

    def handle(self) -> int:
        """Do it, and say so."""
        compute = Compute(self.outrig)
        check_admin(compute)
        alias, target = self.word("alias") or "", self.word("target") or ""
        compute.directory.images.add_alias(alias, target)
        self.note(f"alias {alias} created for target {target}")
        return 0
