"""Where the node program keeps its files on this computer, and what it can do here."""

from __future__ import annotations

from outrig import paths
from outrig.node.program.limits import mechanism
from outrig.node.program.serve import machine_id


def local_node_root() -> str:
    """Return this computer's node root; its name holds the version of its layout."""
    return f"{paths.data_dir()}/node-1/{machine_id()}"


def local_limits() -> str:
    """Return by which means runs on this computer are kept to their slots."""
    return mechanism()
