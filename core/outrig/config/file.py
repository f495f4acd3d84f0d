"""The configuration file: where it is, what it says, and in which line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from outrig import paths
from outrig.errors import ConfigError

SECTIONS = ("providers", "stores", "expanders", "extensions")
"""The keys that hold the settings of plugins, by the plugin's name."""
STORE_SECTION = "known_stores"
"""The key that holds the user's own stores, by the name each has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A value as a file gives it, and its place (`config.yaml:3:8`)."""

    value: object
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """What a configuration file says: by section (empty: Outrig's own keys), then by key."""

    path: Path
    exists: bool = False
    sections: Mapping[str, Mapping[str, Written]] = field(default_factory=dict)

    def section(self, name: str) -> Mapping[str, Written]:
        """Return one section, `providers.aws` or empty for Outrig's own keys."""
        return self.sections.get(name, {})


def config_path(environment: Mapping[str, str] | None = None) -> Path:
    """Return the configuration file's path: `OUTRIG_CONFIG`, else the usual one."""
    named = (os.environ if environment is None else environment).get("OUTRIG_CONFIG")
    if named:
        return Path(named).expanduser().absolute()
    return Path(paths.config_dir()) / "config.yaml"


def read_config(path: Path | None = None) -> ConfigFile:
    """Read the configuration; one that is not there or empty says nothing.

    Raises `ConfigError` with a line for each thing that is wrong. A file that `OUTRIG_CONFIG` names
    must be there.
    """
    where = path or config_path()
    data = read_bytes(where, must_exist=path is None and bool(os.environ.get("OUTRIG_CONFIG")))
    if data is None:
        return ConfigFile(path=where)
    if is_blank(data):
        return ConfigFile(path=where, exists=True)
    from outrig.config.sections import read_sections

    return ConfigFile(path=where, exists=True, sections=read_sections(data, str(where)))


def read_bytes(path: Path, *, must_exist: bool = False) -> bytes | None:
    """Return a configuration file's content, `None` when there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        if not must_exist:
            return None
        raise ConfigError(
            f"the configuration file {path} does not exist", hint="OUTRIG_CONFIG names it"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


def is_blank(data: bytes) -> bool:
    """Tell whether a file holds nothing but blank lines and comments."""
    return all(not line.strip() or line.lstrip().startswith(b"#") for line in data.splitlines())
