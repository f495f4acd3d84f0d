"""`daft dashboard`"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from outrig.api import Command, TerminalObserver, interruptible, option
from outrig.errors import Interrupted, UsageError
from outrig_daft.commands.words import CLUSTER, CONFIG, KEY, running_cluster
from outrig_ray.api import DASHBOARD_PORT

PORT = option(
    "port",
    None,
    "the dashboard's port on this computer; 0 takes a free one",
    value="PORT",
    type=int,
    default=DASHBOARD_PORT,
)
_OWN_WORDS = ("start", "stop")


class DaftDashboard(Command):
    """Reach a cluster's dashboard on this computer."""

    summary = "Show the Ray dashboard of a cluster in the browser"
    details = (
        "Leads localhost:8265 to the head's 8265 over SSH and opens the browser there, until "
        "Ctrl-C. No port of the head is opened. A key is not needed: Outrig has one of its own."
    )
    examples = (
        ("daft dashboard -i my-keypair.pem", "the cluster of .daft.toml"),
        ("daft dashboard --port 9000 --no-browser", "http://localhost:9000"),
    )
    arguments = (CLUSTER,)
    options = (
        CONFIG,
        KEY,
        PORT,
        option("no-browser", None, "do not open a browser"),
    )

    def handle(self) -> int:
        """Lead connections there until the user has enough."""
        if self.word("cluster") in _OWN_WORDS:
            raise UsageError(
                f"{self.word('cluster')} is a word of the dashboard that the library Daft has",
                hint=f"OUTRIG_SHIMS=off daft dashboard {self.word('cluster')}",
            )
        self.outrig.watch(TerminalObserver(self))
        with interruptible(self.outrig):
            cluster = running_cluster(self)
            forward = self.outrig.forward(cluster.session, (self.option("port"), DASHBOARD_PORT))
            address = f"http://localhost:{forward.port}"
            self.line(address)
            self.flush()
            self.note(f"the dashboard of {cluster.name}; Ctrl-C ends it")
            if not self.flag("no-browser"):
                open_browser(address)
            with suppress(Interrupted):  # it is how this ends
                forward.serve()
        return 0


def open_browser(address: str) -> None:
    """Open a browser where there is a screen for it, or one is named by `BROWSER`."""
    screens = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform == "darwin" or any(os.environ.get(one) for one in screens):
        import webbrowser

        webbrowser.open(address)
