"""`bai admin scaling-groups dissociate-scaling-group`"""

from __future__ import annotations

from outrig.api import Command, argument
from outrig_backendai.commands.admin.changing_scaling_groups import check_admin
from outrig_backendai.compute.sessions import Compute


class BaiAdminDissociateScalingGroup(Command):
    """Let a domain no longer use a scaling group."""

    summary = "Let a domain no longer use a scaling group"
    details = "Sessions of a domain that name no scaling group go to those that it uses."
    examples = (
        ("bai admin scaling-groups dissociate-scaling-group big default", "of the domain default"),
    )
    arguments = (
        argument("scaling_group", "the scaling group"),
        argument("domain", "the domain"),
    )

    def handle(self) -> int:
        """Do it, and say so."""
        compute = Compute(self.outrig)
        check_admin(compute)
        name, domain = self.word("scaling_group") or "", self.word("domain") or ""
        compute.directory.scaling_groups.dissociate(name, domain)
        self.note(f"Domain {domain} no longer uses scaling group {name}.")
        return 0
