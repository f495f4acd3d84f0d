"""`bai admin scaling-groups add`"""

from __future__ import annotations

from outrig.api import Command, argument, option
from outrig_backendai.commands.admin.changing_scaling_groups import (
    AGENT,
    DESCRIPTION,
    DRIVER,
    INACTIVE,
    asked_change,
    check_admin,
    put_agents,
)
from outrig_backendai.compute.sessions import Compute


class BaiAdminAddScalingGroup(Command):
    """Make a scaling group."""

    summary = "Make a scaling group"
    details = (
        "Sessions go to it when a domain uses it (associate-scaling-group), or when they name it."
    )
    examples = (("bai admin scaling-groups add big --agent i-thathost", "a set of one agent"),)
    arguments = (argument("name", "what it is called"),)
    options = (
        DESCRIPTION,
        INACTIVE,
        AGENT,
        *DRIVER,
        option("private", None, "only for sessions that name it"),
        option("use-host-network", None, "for scripts: sessions always do"),
    )

    def handle(self) -> int:
        """Do it, and say so."""
        compute = Compute(self.outrig)
        check_admin(compute)
        name = self.word("name") or ""
        change = asked_change(
            self, is_active=not self.flag("inactive"), is_public=not self.flag("private")
        )
        compute.directory.scaling_groups.add(name, change)
        put_agents(compute, name, self.texts("agent"))
        self.note(f"Scaling group {name} is created.")
        return 0
