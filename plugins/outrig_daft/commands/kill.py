"""`daft kill`"""

from __future__ import annotations

from outrig_daft.commands.taking_down import TakesDown


class DaftKill(TakesDown):
    """Terminate a cluster, stopped or not."""

    summary = "Terminate all machines of a cluster, stopped ones too"
    details = "The same as `daft down`; daft-cli's word for it."
    examples = (("daft kill daft-demo", "by name"),)
