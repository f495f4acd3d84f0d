"""`bai admin rescan-images`"""

from __future__ import annotations

from outrig.api import Command, option
from outrig_backendai.commands.admin.changing_scaling_groups import check_admin
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.place.runtimes import rescan


class BaiAdminRescanImages(Command):
    """Look again which images there are."""

    summary = "Look again which images there are"
    details = """
    Asks the container engine of this computer, and looks for interpreters. Other agents are looked
    at when a session next goes there.
    """
    examples = (("bai admin rescan-images", "after pulling an image"),)
    options = (option("registry", "r", "say how many of this registry there are", value="NAME"),)

    def handle(self) -> int:
        """Do it, and say so."""
        compute = Compute(self.outrig)
        check_admin(compute)
        found, others = rescan(compute.directory)
        registry = self.text("registry")
        count = sum(registry in (None, one.registry) for one in found)
        self.line(f"{count} images{f' of {registry}' if registry else ''} on this computer")
        if others:
            self.note(f"{len(others)} other agents are looked at when they are next used")
        return 0
