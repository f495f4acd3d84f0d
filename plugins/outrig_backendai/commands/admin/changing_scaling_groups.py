"""The options that say what a scaling group is to be, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Command, argument, option
from outrig.errors import AuthError, UsageError
from outrig_backendai.compute.agents import see_all
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.directory.scaling_groups import ScalingGroupChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig_backendai.directory.scaling_groups import ScalingGroups

_YES, _NO = ("true", "yes", "1", "on"), ("false", "no", "0", "off")


def truth(text: str) -> bool:
    """Read yes or no; raises `ValueError`."""
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise ValueError(f"{text!r} is neither true nor false")


DESCRIPTION = option("description", "d", "what it is for", value="TEXT", also=("desc",))
INACTIVE = option("inactive", "i", "no session may go there")
AGENT = option("agent", None, "an agent to put into it", value="AGENT_ID", repeat=True)
DRIVER = (
    option("driver", None, "how its agents are found", choices=("static",), default="static"),
    option("driver-opts", None, "for scripts: there are none", value="JSON", also=("driver_opts",)),
    option("scheduler", None, "in which order sessions start", choices=("fifo",), default="fifo"),
    option(
        "scheduler-opts",
        None,
        "for scripts: there are none",
        value="JSON",
        also=("scheduler_opts",),
    ),
    option("wsproxy-addr", None, "for scripts: bai app needs no proxy", value="ADDRESS"),
    option("wsproxy-api-token", None, "for scripts: bai app needs no proxy", value="TOKEN"),
)


def asked_change(
    command: Command, *, is_active: bool | None, is_public: bool | None
) -> ScalingGroupChange:
    """Return what a command's options ask for; raises `UsageError`."""
    for name in ("driver-opts", "scheduler-opts"):
        if (command.text(name) or "{}").replace(" ", "") != "{}":
            raise UsageError(f"--{name}: there are no options to set", hint="leave it out")
    return ScalingGroupChange(
        description=command.text("description"), is_active=is_active, is_public=is_public
    )


def put_agents(compute: Compute, name: str, agents: Sequence[str]) -> None:
    """Put agents into a scaling group; raises `NotFoundError`."""
    if agents:
        see_all(compute)
    for one in agents:
        compute.directory.agents.move(one, name)


def check_admin(compute: Compute) -> None:
    """Raise `AuthError` unless the caller may change what all use."""
    if not compute.caller.is_superadmin:
        raise AuthError("only superadmins change scaling groups and images")


class ChangesUse(Command):
    """Lets a domain use a scaling group, or no longer."""

    details = "Sessions of a domain that name no scaling group go to those that it uses."
    arguments = (argument("scaling_group", "the scaling group"), argument("domain", "the domain"))
    says = ""

    def change(self, groups: ScalingGroups, name: str, domain: str) -> None:
        """Do it; each command does its own."""

    def handle(self) -> int:
        """Do it, and say so."""
        compute = Compute(self.outrig)
        check_admin(compute)
        name, domain = self.word("scaling_group") or "", self.word("domain") or ""
        self.change(compute.directory.scaling_groups, name, domain)
        self.note(f"Domain {domain} {self.says} scaling group {name}.")
        return 0
