"""What gcloud is set to: its variables, and the configuration that is active."""

from __future__ import annotations

import configparser
import os
from functools import cached_property
from pathlib import Path


class Gcloud:
    """Project, region and zone of gcloud's configuration, empty where it has none."""

    @property
    def project(self) -> str:
        """The project."""
        own = os.environ.get("GOOGLE_CLOUD_PROJECT") or os.environ.get("CLOUDSDK_CORE_PROJECT")
        return own or str(self._file.get("core", "project", fallback=""))

    @property
    def zones(self) -> tuple[str, ...]:
        """The zone, if there is one."""
        found = os.environ.get("CLOUDSDK_COMPUTE_ZONE") or self._compute("zone")
        return (found,) if found else ()

    @property
    def regions(self) -> tuple[str, ...]:
        """The region, if there is one."""
        found = os.environ.get("CLOUDSDK_COMPUTE_REGION") or self._compute("region")
        return (found,) if found else ()

    def _compute(self, name: str) -> str:
        return self._file.get("compute", name, fallback="")

    @cached_property
    def _file(self) -> configparser.ConfigParser:
        parser = configparser.ConfigParser(interpolation=None)
        own = os.environ.get("CLOUDSDK_CONFIG")
        directory = Path(own) if own else Path.home() / ".config" / "gcloud"
        try:
            name = os.environ.get("CLOUDSDK_ACTIVE_CONFIG_NAME") or (
                (directory / "active_config").read_text().strip()
            )
            parser.read_string((directory / "configurations" / f"config_{name}").read_text())
        except (OSError, ValueError, configparser.Error):
            parser.clear()
        return parser
