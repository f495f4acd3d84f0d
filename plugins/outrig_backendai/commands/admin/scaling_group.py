"""`bai admin scaling-group`, which is `admin scaling-group info` too."""

from __future__ import annotations

from outrig.api import Command, TerminalObserver, argument, option
from outrig.errors import UsageError
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.listing.printing import print_record
from outrig_backendai.listing.scaling_groups import FIELDS, one_scaling_group


class BaiAdminScalingGroup(Command):
    """Say everything about one scaling group."""

    summary = "Say everything about one scaling group"
    examples = (("bai admin scaling-group -n default", "the one that is always there"),)
    arguments = (argument("group", "the scaling group", required=False),)
    options = (option("name", "n", "the scaling group", value="NAME"),)

    def handle(self) -> int:
        """Print it."""
        self.outrig.watch(TerminalObserver(self))
        name = self.text("name") or self.word("group")
        if name is None:
            raise UsageError("bai admin scaling-group: which one?", hint="name it: -n NAME")
        print_record(self, one_scaling_group(Compute(self.outrig), name), FIELDS)
        return 0
