"""`ray exec`"""

from __future__ import annotations

from outrig.api import Command, argument
from outrig_ray.launcher.running import RUN_OPTIONS, run_on_head
from outrig_ray.launcher.words import CLUSTER, LOG_OPTIONS, NAME, NO_CACHE, USAGE


class RayExec(Command):
    """Run a command on a cluster's head."""

    summary = "Run a command on the head of a Ray cluster"
    details = (
        "The command runs in a login shell in the home directory of the head, as with `ssh`. What "
        "it prints comes here as it is printed, and the exit code is its own; 125 is a failure of "
        "Outrig's. Ctrl-C leaves it running; a second one within 2 s ends it."
    )
    examples = (
        ("ray exec cluster.yaml 'python train.py'", "follow it to its end"),
        ("ray exec cluster.yaml 'python train.py' --tmux", "in tmux, and return at once"),
        ("ray exec cluster.yaml 'nvidia-smi' --stop", "take the cluster down afterwards"),
    )
    arguments = (CLUSTER, argument("command", "what to run, shell text", repeat=True))
    options = (NAME, *RUN_OPTIONS, NO_CACHE, USAGE, *LOG_OPTIONS)
    runs_commands = True

    def handle(self) -> int:
        """Run it, and return its exit code."""
        return run_on_head(self, " ".join(self.argument_words("command")))
