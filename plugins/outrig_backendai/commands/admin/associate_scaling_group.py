"""`bai admin scaling-groups associate-scaling-group`"""

from __future__ import annotations

from outrig.api import Command, argument
from outrig_backendai.commands.admin.changing_scaling_groups import check_admin
from outrig_backendai.compute.sessions import Compute


class BaiAdminAssociateScalingGroup(Command):
    """Let a domain use a scaling group."""

    summary = "Let a domain use a scaling group"
    details = "Sessions of a domain that name no scaling group go to those that it uses."
    examples = (
        ("bai admin scaling-groups associate-scaling-group big default", "of the domain default"),
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
        compute.directory.scaling_groups.associate(name, domain)
        self.note(f"Domain {domain} uses scaling group {name}.")
        return 0
