"""`bai admin scaling-groups associate-scaling-group`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig_backendai.commands.admin.changing_scaling_groups import ChangesUse

if TYPE_CHECKING:
    from outrig_backendai.directory.scaling_groups import ScalingGroups


class BaiAdminAssociateScalingGroup(ChangesUse):
    """Let a domain use a scaling group."""

    summary = "Let a domain use a scaling group"
    examples = (
        ("bai admin scaling-groups associate-scaling-group big default", "of the domain default"),
    )
    says = "uses"

    def change(self, groups: ScalingGroups, name: str, domain: str) -> None:
        """Let a domain use a scaling group."""
        groups.associate(name, domain)
