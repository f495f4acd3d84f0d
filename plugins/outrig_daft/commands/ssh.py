"""`daft ssh`"""

from __future__ import annotations

from outrig.api import (
    Command,
    ConsoleRequest,
    TerminalObserver,
    interruptible,
    terminal_size,
    work_in_console,
)
from outrig_daft.commands.words import CLUSTER, CONFIG, KEY, running_cluster

_SHELL = ("bash", "--login", "-c", "cd; exec bash -i")
"""What is set up for Daft is in `.bashrc`, which login shells read on some systems only."""


class DaftSsh(Command):
    """Open a shell on a cluster's head."""

    summary = "Open a shell on the head of a cluster"
    details = "A login shell in the home directory. The exit code is the shell's."
    examples = (("daft ssh", "the cluster of .daft.toml"),)
    arguments = (CLUSTER,)
    options = (CONFIG, KEY)
    runs_commands = True

    def handle(self) -> int:
        """Hand the terminal to the cluster."""
        self.outrig.watch(TerminalObserver(self))
        with interruptible(self.outrig):
            cluster = running_cluster(self)
        request = ConsoleRequest(
            session_id=cluster.session.id, node=cluster.head, argv=_SHELL, size=terminal_size()
        )
        return work_in_console(self.outrig.console(cluster.session, request))
