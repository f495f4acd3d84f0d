"""One of Outrig's own settings, without the cost of reading YAML where nothing is configured."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from outrig import paths

if TYPE_CHECKING:
    from outrig.config.user import UserSettings


def configured(name: str) -> UserSettings | None:
    """Return the user's settings if a variable sets `name` or there is a configuration file."""
    file = os.environ.get("OUTRIG_CONFIG") or f"{paths.config_dir()}/config.yaml"
    named = os.environ.get(f"OUTRIG_{name.upper()}")
    if not named and not os.environ.get("OUTRIG_CONFIG") and not os.path.exists(file):  # noqa: PTH110
        return None
    from outrig.config.user import user_settings

    return user_settings()
