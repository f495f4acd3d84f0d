"""Installs, finds and removes launchers (`outrig.cli.launcher`) in a directory."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.cli.launcher import is_launcher, launcher_text, real_program, tools
from outrig.config.glance import configured
from outrig.errors import ConfigError, ConflictError, NotFoundError, UsageError
from outrig.manifest import load

if TYPE_CHECKING:
    from outrig.manifest import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Shim:
    """A tool that can be stood in for: its launcher, if installed, and the real program, if any."""

    tool: str
    command_set: str
    path: Path | None
    real: str | None


def default_directory() -> Path:
    """Return where launchers go unless the user says otherwise."""
    settings = configured("shim_dir")
    return (settings.shim_dir if settings else Path("~/.local/bin")).expanduser()


def known_tools() -> dict[str, Entry]:
    """Return the tools that installed command sets stand in for."""
    return tools(load())


def installed_tools(directory: Path) -> tuple[str, ...]:
    """Return the tools whose launcher is in the directory."""
    return tuple(tool for tool in sorted(known_tools()) if is_launcher(str(directory / tool)))


def shims(directory: Path) -> tuple[Shim, ...]:
    """Return every known tool, with its launcher in the directory."""
    return tuple(
        Shim(
            tool=tool,
            command_set=f"outrig {entry.words}",
            path=directory / tool if is_launcher(str(directory / tool)) else None,
            real=real_program(tool),
        )
        for tool, entry in sorted(known_tools().items())
    )


def install(tool: str, directory: Path) -> Path:
    """Write the tool's launcher and return it; raises `ConflictError` rather than overwrite."""
    _check_known(tool)
    path = directory / tool
    if (path.exists() or path.is_symlink()) and not is_launcher(str(path)):
        raise ConflictError(
            f"{path} is there already and is no launcher of Outrig's; it was left as it is",
            hint="put the launcher elsewhere with --dir, before that directory on PATH",
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write(path, launcher_text(tool, sys.executable))
    except OSError as err:
        raise ConfigError(f"{path} cannot be written: {err.strerror}") from err
    return path


def _write(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(text)
        Path(name).chmod(0o755)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def remove(tool: str, directory: Path) -> Path:
    """Remove the tool's launcher and return where it was; raises `NotFoundError`."""
    path = directory / tool
    if not is_launcher(str(path)):
        there = "is no launcher of Outrig's" if path.exists() else "does not exist"
        raise NotFoundError(f"{path} {there}", hint=f"outrig shim list --dir {directory}")
    path.unlink()
    return path


def _check_known(tool: str) -> None:
    known = sorted(known_tools())
    if tool not in known:
        raise UsageError(
            f"no installed command set stands in for {tool!r}",
            hint=f"there is one for: {', '.join(known) or 'no tool'}",
        )


def is_on_path(directory: Path) -> bool:
    """Tell whether programs in the directory are found by their names."""
    places = os.environ.get("PATH", "").split(os.pathsep)
    return any(place and Path(place).resolve() == directory.resolve() for place in places)


def hidden_by(path: Path) -> Path | None:
    """Return the program of the same name that comes before this one on `PATH`, if any."""
    for place in os.environ.get("PATH", "").split(os.pathsep):
        if not place:
            continue
        if Path(place).resolve() == path.parent.resolve():
            return None
        if os.access(Path(place, path.name), os.X_OK):
            return Path(place, path.name)
    return None
