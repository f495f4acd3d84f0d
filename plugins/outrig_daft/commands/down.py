"""`daft down`"""

from __future__ import annotations

from outrig_daft.commands.taking_down import TakesDown


class DaftDown(TakesDown):
    """Take a cluster down."""

    summary = "Take a cluster down: all its machines are terminated"
    details = (
        "Head and workers are terminated, and what was made beside them is removed. In a cloud "
        "this returns as soon as that was asked for, and the rest goes on by itself. A cluster is "
        "found by its name, also when its file is gone; one that `ray up` or daft-launcher made by "
        "its tags, in the region of the file or those that are set up."
    )
    examples = (
        ("daft down", "the cluster of .daft.toml"),
        ("daft down -c my-custom-config.toml", "of another file"),
        ("daft down daft-demo", "by name"),
    )
