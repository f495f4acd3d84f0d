"""What gcloud is set to: its variables, and the configuration that is active."""

from __future__ import annotations

import configparser
import os
from functools import cached_property
from pathlib import Path


class Gcloud:
    """Values of gcloud's configuration; another file's absence is no error."""

    def get(self, section: str, name: str, *variables: str) -> str:
        """Return a value, a variable's before the configuration's; empty where there is none."""
        own = f"CLOUDSDK_{section.upper()}_{name.upper()}"
        found = [os.environ[one] for one in (own, *variables) if os.environ.get(one)]
        return found[0] if found else self._file.get(section, name, fallback="")

    @cached_property
    def _file(self) -> configparser.ConfigParser:
        parser = configparser.ConfigParser(interpolation=None)
        own = os.environ.get("CLOUDSDK_CONFIG")
        directory = Path(own) if own else Path.home() / ".config" / "gcloud"
        try:
            active = os.environ.get("CLOUDSDK_ACTIVE_CONFIG_NAME")
            name = active or (directory / "active_config").read_text().strip()
            parser.read_string((directory / "configurations" / f"config_{name}").read_text())
        except (OSError, ValueError, configparser.Error):
            parser.clear()
        return parser
