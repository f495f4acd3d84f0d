"""`ray status`"""

from __future__ import annotations

import shlex

from outrig.api import Command, option
from outrig_ray.launcher.running import run_plainly
from outrig_ray.launcher.words import ANY_CLUSTER, LOG_OPTIONS, NAME


class RayStatus(Command):
    """Show the nodes and the resources of a cluster, as Ray sees them."""

    summary = "Show the nodes and resources of a Ray cluster, as Ray sees them"
    details = (
        "Runs `ray status` on the head, and exits with its code. Without a name it is about the "
        "only cluster there is."
    )
    examples = (("ray status", "of the only cluster"), ("ray status demo", "of that name"))
    arguments = (ANY_CLUSTER,)
    options = (
        NAME,
        option("address", None, "Ray's address, as the head sees it", value="ADDRESS"),
        *LOG_OPTIONS,
    )
    runs_commands = True

    def handle(self) -> int:
        """Ask the head."""
        address = self.text("address")
        more = f" --address {shlex.quote(address)}" if address else ""
        words = "ray status" + (" -v" if self.verbosity else "")
        return run_plainly(self, words + more)
