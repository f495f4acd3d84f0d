"""`ray attach`"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outrig.api import (
    Command,
    ConsoleRequest,
    TerminalObserver,
    attach_words,
    interruptible,
    option,
    terminal_size,
    work_in_console,
)
from outrig.errors import NotFoundError, UsageError
from outrig_ray.launcher.running import PORT_FORWARD, START, forwarding, running_cluster
from outrig_ray.launcher.words import CLUSTER, LOG_OPTIONS, NAME, NO_CACHE

if TYPE_CHECKING:
    from outrig.api import Node
    from outrig_ray.clusters.cluster import Cluster

_SHELL = ("sh", "-c", "cd; command -v bash >/dev/null && exec bash --login; exec sh -l")


class RayAttach(Command):
    """Open a shell on a cluster's head."""

    summary = "Open a shell on the head of a Ray cluster"
    details = (
        "A login shell in the home directory. --tmux and --screen attach to a terminal of that "
        "kind on the head instead, which goes on when you leave it. The exit code is the shell's."
    )
    examples = (
        ("ray attach cluster.yaml", "a shell"),
        ("ray attach cluster.yaml --tmux -p 8888", "tmux, and port 8888 of the head here"),
    )
    arguments = (CLUSTER,)
    options = (
        START,
        option("screen", None, "attach to screen on the head, made when missing"),
        option("tmux", None, "attach to tmux on the head, made when missing"),
        NAME,
        NO_CACHE,
        option("new", "N", "a new screen or tmux, even if there is one"),
        PORT_FORWARD,
        option("node-ip", None, "another node than the head, by its address", value="ADDRESS"),
        *LOG_OPTIONS,
    )
    runs_commands = True

    def handle(self) -> int:
        """Hand the terminal to the cluster."""
        if self.flag("tmux") and self.flag("screen"):
            raise UsageError("--tmux and --screen exclude each other")
        self.outrig.watch(TerminalObserver(self))
        with interruptible(self.outrig):
            cluster = running_cluster(self)
        node = self._node(cluster)
        request = ConsoleRequest(
            session_id=cluster.session.id,
            node=node,
            argv=self._program(cluster, node),
            size=terminal_size(),
        )
        with forwarding(self, cluster.session):
            return work_in_console(self.outrig.console(cluster.session, request))

    def _node(self, cluster: Cluster) -> Node:
        wanted = self.text("node-ip")
        if wanted is None:
            return cluster.head
        for node in cluster.nodes:
            if wanted in (node.address, node.id, node.data.get("private")):
                return node
        names = ", ".join(one.address or one.id for one in cluster.nodes)
        raise NotFoundError(f'cluster "{cluster.name}" has no node {wanted} (has: {names})')

    def _program(self, cluster: Cluster, node: Node) -> tuple[str, ...]:
        name = re.sub(r"[^A-Za-z0-9_-]", "-", cluster.name)
        if self.flag("screen"):
            return ("screen", "-S", name) if self.flag("new") else ("screen", "-xRR", "-S", name)
        if self.flag("tmux"):
            if self.flag("new"):
                return ("tmux", "new-session")
            return attach_words(cluster.session.id, cluster.name)
        container = cluster.container(node)
        if container is None:
            return _SHELL
        return (container.engine, "exec", "-it", container.name, *_SHELL)
