"""`bai admin scaling-groups update`"""

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
    truth,
)
from outrig_backendai.compute.sessions import Compute


class BaiAdminUpdateScalingGroup(Command):
    """Change a scaling group."""

    summary = "Change a scaling group"
    details = "What is not named stays as it is."
    examples = (("bai admin scaling-groups update big --agent i-other", "put an agent into it"),)
    arguments = (argument("name", "the scaling group"),)
    options = (
        DESCRIPTION,
        option("active", "a", "whether sessions may go there", value="BOOL", type=truth),
        INACTIVE,
        AGENT,
        option(
            "private",
            None,
            "whether it is only for sessions that name it",
            value="BOOL",
            type=truth,
        ),
        option("use-host-network", None, "for scripts: sessions always do", value="BOOL"),
        *DRIVER,
    )

    def handle(self) -> int:
        """Do it, and say so."""
        compute = Compute(self.outrig)
        check_admin(compute)
        name = self.word("name") or ""
        active, private = self.value("active", bool), self.value("private", bool)
        change = asked_change(
            self,
            is_active=False if self.flag("inactive") else active,
            is_public=None if private is None else not private,
        )
        compute.directory.scaling_groups.change(name, change)
        put_agents(compute, name, self.texts("agent"))
        self.note(f"Scaling group {name} is updated.")
        return 0
