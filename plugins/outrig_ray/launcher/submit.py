"""`ray submit`"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import Command, argument, option
from outrig.errors import NotFoundError
from outrig_ray.clusters.transfer import send
from outrig_ray.launcher.running import RUN_OPTIONS, run_on_head
from outrig_ray.launcher.words import CLUSTER, LOG_OPTIONS, NAME, NO_CACHE, USAGE

if TYPE_CHECKING:
    from outrig_ray.clusters.cluster import Cluster


class RaySubmit(Command):
    """Copy a script to a cluster's head and run it there."""

    summary = "Copy a script to the head of a Ray cluster and run it"
    details = (
        "The script becomes ~/NAME on the head and is run by the python that a login shell finds "
        "there, with the arguments given behind it. What it prints comes here, and the exit code "
        "is its own; 125 is a failure of Outrig's."
    )
    examples = (
        ("ray submit cluster.yaml train.py", "run it"),
        ("ray submit cluster.yaml train.py -- --lr 0.1", "with arguments"),
        ("ray submit cluster.yaml train.py --start --stop", "on a cluster of its own"),
    )
    arguments = (
        CLUSTER,
        argument("script", "the Python script"),
        argument("script-args", "its arguments", required=False, repeat=True),
    )
    options = (
        NAME,
        *(one for one in RUN_OPTIONS if one.name != "run-env"),
        option("args", None, "its arguments as one text (old; give them behind --)", value="ARGS"),
        option("extra-screen-args", None, "more options of screen", value="ARGS"),
        NO_CACHE,
        USAGE,
        *LOG_OPTIONS,
    )
    runs_commands = True
    verbatim = True

    def handle(self) -> int:
        """Send the script, run it, and return its exit code."""
        script = Path(self.word("script") or "")
        if not script.expanduser().is_file():
            raise NotFoundError(f"there is no script {script}")
        words = [shlex.quote(one) for one in self.argument_words("script-args")]
        old = self.text("args")
        text = " ".join([f"python ~/{shlex.quote(script.name)}", *([old] if old else []), *words])
        return run_on_head(self, text, lambda cluster: self._send(cluster, script))

    def _send(self, cluster: Cluster, script: Path) -> str:
        """Send the script, and return what puts it in its place."""
        container = cluster.container(cluster.head)
        head = (cluster.head,)
        parcel = send(self.outrig, cluster.session, head, str(script), "~/", container=container)
        return parcel.script
