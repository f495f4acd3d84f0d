"""`bai admin scaling-groups delete`"""

from __future__ import annotations

from outrig.api import Command, argument
from outrig_backendai.commands.admin.changing_scaling_groups import check_admin
from outrig_backendai.compute.sessions import Compute


class BaiAdminDeleteScalingGroup(Command):
    """Remove a scaling group."""

    summary = "Remove a scaling group"
    details = "It must have no agents any more."
    examples = (("bai admin scaling-groups delete big", "remove it"),)
    arguments = (argument("name", "the scaling group"),)

    def handle(self) -> int:
        """Do it, and say so."""
        compute = Compute(self.outrig)
        check_admin(compute)
        name = self.word("name") or ""
        compute.directory.scaling_groups.remove(name)
        self.note(f"Scaling group {name} is deleted.")
        return 0
