"""`bai admin scaling-groups dissociate-scaling-group`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig_backendai.commands.admin.changing_scaling_groups import ChangesUse

if TYPE_CHECKING:
    from outrig_backendai.directory.scaling_groups import ScalingGroups


class BaiAdminDissociateScalingGroup(ChangesUse):
    """Let a domain no longer use a scaling group."""

    summary = "Let a domain no longer use a scaling group"
    examples = (
        ("bai admin scaling-groups dissociate-scaling-group big default", "of the domain default"),
    )
    says = "no longer uses"

    def change(self, groups: ScalingGroups, name: str, domain: str) -> None:
        """Let a domain no longer use a scaling group."""
        groups.dissociate(name, domain)
