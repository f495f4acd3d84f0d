"""Where Outrig keeps its files. Part of the start-up path: imports nothing heavy.

`OUTRIG_HOME` puts all of them below one directory; otherwise they are where platformdirs says. On
Linux that is computed here, as importing platformdirs costs a noticeable part of `outrig --help`.
"""

from __future__ import annotations

import os
import sys

_XDG = {
    "cache": ("XDG_CACHE_HOME", ".cache"),
    "config": ("XDG_CONFIG_HOME", ".config"),
    "data": ("XDG_DATA_HOME", ".local/share"),
    "state": ("XDG_STATE_HOME", ".local/state"),
}


def _directory(kind: str) -> str:
    home = os.environ.get("OUTRIG_HOME")
    if home:
        return os.path.join(os.path.abspath(home), kind)  # noqa: PTH100, PTH118 - no pathlib here
    if sys.platform != "linux":
        import platformdirs

        return str(getattr(platformdirs, f"user_{kind}_dir")("outrig", appauthor=False))
    variable, fallback = _XDG[kind]
    base = os.environ.get(variable, "").strip()
    if not base.startswith("/"):
        base = os.path.join(os.path.expanduser("~"), fallback)  # noqa: PTH111, PTH118
    return base + "/outrig"


def cache_dir() -> str:
    """Return the directory of what can be made anew: the plugin manifest, the snapshot index."""
    return _directory("cache")


def config_dir() -> str:
    """Return the directory of `config.yaml`."""
    return _directory("config")


def data_dir() -> str:
    """Return the directory of snapshots and of this computer's node root."""
    return _directory("data")


def state_dir() -> str:
    """Return the directory of the records: `outrig.db`, locks and keys."""
    return _directory("state")
