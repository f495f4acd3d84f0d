"""`daft connect`"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.api import Command, TerminalObserver, interruptible, option
from outrig.errors import Interrupted
from outrig_daft.commands.dashboard import PORT, open_browser
from outrig_daft.commands.words import CLUSTER, CONFIG, KEY, running_cluster
from outrig_ray.api import DASHBOARD_PORT

if TYPE_CHECKING:
    from collections.abc import Callable

CLIENT_PORT = 10001


class DaftConnect(Command):
    """Reach a cluster from programs on this computer."""

    summary = "Reach a cluster from Python on this computer"
    details = (
        "Leads localhost:10001, the port of Ray's client, and localhost:8265, the dashboard, to "
        "the head over SSH until Ctrl-C."
    )
    examples = (("daft connect", "then: ray.init('ray://localhost:10001')"),)
    arguments = (CLUSTER,)
    options = (
        CONFIG,
        KEY,
        PORT,
        option(
            "client-port",
            None,
            "that of Ray's client; 0 takes a free one",
            value="PORT",
            type=int,
            default=CLIENT_PORT,
        ),
        option("no-dashboard", None, "do not open a browser"),
    )

    def handle(self) -> int:
        """Lead connections there until the user has enough."""
        self.outrig.watch(TerminalObserver(self))
        with interruptible(self.outrig):
            session = running_cluster(self).session
            dashboard = self.outrig.forward(session, (self.option("port"), DASHBOARD_PORT))
            client = self.outrig.forward(session, (self.option("client-port"), CLIENT_PORT))
            threading.Thread(target=_serve, args=(dashboard.serve,), daemon=True).start()
            self.line(f"http://localhost:{dashboard.port}")
            self.line(f"ray://localhost:{client.port}")
            self.flush()
            self.note("In Python, with the cluster's versions of Ray and Daft:")
            self.note(f"  import ray, daft; ray.init('ray://localhost:{client.port}')")
            self.note("Ctrl-C ends it")
            if not self.flag("no-dashboard"):
                open_browser(f"http://localhost:{dashboard.port}")
            with suppress(Interrupted):  # it is how this ends
                client.serve()
        return 0


def _serve(serve: Callable[[], None]) -> None:
    with suppress(Interrupted):
        serve()
