"""`daft stop`"""

from __future__ import annotations

from outrig_daft.commands.taking_down import TakesDown


class DaftStop(TakesDown):
    """Stop a cluster's machines and keep them."""

    summary = "Stop the machines of a cluster, and keep their disks"
    details = "`daft up` starts them again; `daft down` or `daft kill` ends them for good."
    examples = (("daft stop", "the cluster of .daft.toml"),)
    keeps = True
