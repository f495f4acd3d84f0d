"""`bai admin agents`, which is `admin agent list` too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Command, TerminalObserver, option
from outrig_backendai.commands.list_options import PAGED
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.listing.agents import ANY_STATUS, FIELDS, SHOWN, list_agents
from outrig_backendai.listing.filtering import matching, ordered
from outrig_backendai.listing.page import cut
from outrig_backendai.listing.printing import print_page

if TYPE_CHECKING:
    from outrig_backendai.listing.agents import ListedAgent


class BaiAdminAgents(Command):
    """List agents."""

    summary = "List agents, and what sessions hold of them"
    details = "An agent is this computer, a host, or a cloud of a provider that is set up."
    examples = (("bai admin agents", "those that can be used"),)
    options = (
        option("status", "s", "those in one status (ALL: in any)", value="STATUS", default="ALIVE"),
        option("scaling-group", None, "those of one scaling group", value="NAME", also=("sgroup",)),
        *PAGED,
    )

    def handle(self) -> int:
        """Print them."""
        self.outrig.watch(TerminalObserver(self))
        found = [one for one in list_agents(Compute(self.outrig)) if self._is_wanted(one)]
        found = ordered(matching(found, self.text("filter"), FIELDS), self.text("order"), FIELDS)
        page = cut(found, self.value("offset", int) or 0, self.value("limit", int))
        fields = FIELDS if self.output == "json" else SHOWN
        print_page(self, page, fields, empty="There are no matching agents.")
        return 0

    def _is_wanted(self, one: ListedAgent) -> bool:
        status = (self.text("status") or "").upper()
        group = self.text("scaling-group")
        return status in (ANY_STATUS, one.agent.status.upper()) and (
            group is None or group == one.agent.scaling_group
        )
