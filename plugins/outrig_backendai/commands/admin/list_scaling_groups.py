"""`bai admin list-scaling-groups`, which is `admin scaling-group get-available` too."""

from __future__ import annotations

from outrig.api import Command, argument
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.listing.page import cut
from outrig_backendai.listing.printing import print_page
from outrig_backendai.listing.scaling_groups import FIELDS, available_to


class BaiAdminListScalingGroups(Command):
    """List the scaling groups that a group may use."""

    summary = "List the scaling groups that a group may use"
    details = "Those that are active, and that the group's domain is associated with."
    examples = (("bai admin list-scaling-groups default", "those of the group default"),)
    arguments = (argument("group_name", "the group (project)"),)

    def handle(self) -> int:
        """Print them."""
        found = available_to(Compute(self.outrig), self.word("group_name") or "")
        print_page(self, cut(found, 0, None), FIELDS[:3], empty="There are no scaling groups.")
        return 0
