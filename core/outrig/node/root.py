"""Where the node program keeps its files on this computer."""

from __future__ import annotations

from outrig import paths
from outrig.node.program.serve import machine_id


def local_node_root() -> str:
    """Return this computer's node root; its name holds the version of its layout."""
    return f"{paths.data_dir()}/node-1/{machine_id()}"
