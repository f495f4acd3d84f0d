"""`bai admin scaling-groups`, which is `admin scaling-group list` too."""

from __future__ import annotations

from outrig.api import Command, TerminalObserver
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.listing.page import cut
from outrig_backendai.listing.printing import print_page
from outrig_backendai.listing.scaling_groups import FIELDS, list_scaling_groups


class BaiAdminScalingGroups(Command):
    """List scaling groups."""

    summary = "List scaling groups, and the agents in each"
    details = "A scaling group is a named set of agents. Each has a queue of its own."
    examples = (("bai admin scaling-groups", "all of them"),)

    def handle(self) -> int:
        """Print them."""
        self.outrig.watch(TerminalObserver(self))
        page = cut(list_scaling_groups(Compute(self.outrig)), 0, None)
        print_page(self, page, FIELDS, empty="There are no scaling groups.")
        return 0
