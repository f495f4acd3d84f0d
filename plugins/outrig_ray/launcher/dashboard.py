"""`ray dashboard`"""

from __future__ import annotations

from contextlib import suppress

from outrig.api import Command, TerminalObserver, interruptible, option
from outrig.errors import Interrupted
from outrig_ray.launcher.running import port_number
from outrig_ray.launcher.words import CLUSTER, LOG_OPTIONS, NAME, NO_CACHE, named_cluster

DASHBOARD = 8265


class RayDashboard(Command):
    """Reach a cluster's dashboard on this computer."""

    summary = "Reach the dashboard of a Ray cluster on this computer"
    details = "Prints its address and goes on until Ctrl-C. No port of the head is opened."
    examples = (
        ("ray dashboard cluster.yaml", "http://localhost:8265"),
        ("ray dashboard cluster.yaml -p 9000", "http://localhost:9000"),
    )
    arguments = (CLUSTER,)
    options = (
        NAME,
        option(
            "port", "p", "port on this computer", value="PORT", type=port_number, default=DASHBOARD
        ),
        option(
            "remote-port",
            None,
            "port on the head",
            value="PORT",
            type=port_number,
            default=DASHBOARD,
        ),
        NO_CACHE,
        *LOG_OPTIONS,
    )

    def handle(self) -> int:
        """Lead connections there until the user has enough."""
        cluster = named_cluster(self)
        self.outrig.watch(TerminalObserver(self))
        ports = self.option("port"), self.option("remote-port")
        with interruptible(self.outrig):
            forward = self.outrig.forward(cluster.session, ports)
            self.line(f"http://localhost:{forward.port}")
            self.flush()
            self.note(f"the dashboard of {cluster.name}; Ctrl-C ends it")
            with suppress(Interrupted):  # it is how this ends
                forward.serve()
        return 0
