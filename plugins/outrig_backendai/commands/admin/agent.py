"""`bai admin agent`, which is `admin agent info` too."""

from __future__ import annotations

from outrig.api import Command, TerminalObserver, argument
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.listing.agents import FIELDS, one_agent
from outrig_backendai.listing.printing import print_record


class BaiAdminAgent(Command):
    """Say everything about one agent."""

    summary = "Say everything about one agent"
    details = "What it has, and what sessions hold of it."
    examples = (("bai admin agent i-thishost", "one of those that `bai admin agents` lists"),)
    arguments = (argument("agent_id", "the agent"),)

    def handle(self) -> int:
        """Print it."""
        self.outrig.watch(TerminalObserver(self))
        found = one_agent(Compute(self.outrig), self.word("agent_id") or "")
        print_record(self, found, FIELDS)
        return 0
