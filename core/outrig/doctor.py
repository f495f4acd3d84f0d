"""What Outrig finds on this computer, and what is to do about it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from outrig import __version__, paths
from outrig.errors import OutrigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.interfaces import ObjectStore
    from outrig.plugins import Hooks

_PROGRAMS = (
    ("git", "snapshots then record no commit"),
    ("uv", "environments are then made by venv and pip, which takes longer"),
    ("tmux", "commands with tmux: true need it"),
)
_ENGINES = ("docker", "podman")


class Status(Enum):
    """How a check ended; only a problem makes `outrig doctor` fail."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at, and what was found."""

    name: str
    status: Status
    found: str


def checks(hooks: Hooks | None = None) -> Iterator[Check]:
    """Look at Python, directories, programs, the configuration, plugins and providers."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Check(name="outrig", status=Status.OK, found=f"{__version__} on Python {version}")
    yield from map(_directory, ("config", "data", "state", "cache"))
    yield from _records()
    yield from _programs()
    yield from _configuration()
    yield from _plugins(hooks)


def store_checks(store: ObjectStore, label: str) -> Iterator[Check]:
    """Try all that snapshots ask of a store; a few objects are written and removed again."""
    from outrig.snapshot.probe import Outcome, probe_store

    statuses = {
        Outcome.WELL: Status.OK,
        Outcome.LACKS: Status.NOTE,
        Outcome.FAILS: Status.PROBLEM,
    }
    for one in probe_store(store):
        title = f"store {label}: {one.what}"
        yield Check(name=title, status=statuses[one.outcome], found=one.found)


def _directory(kind: str) -> Check:
    """Check that files can be made in a directory, which need not exist yet."""
    directory = str(getattr(paths, f"{kind}_dir")())
    there = directory
    while not os.path.lexists(there) and there != os.path.dirname(there):  # noqa: PTH120
        there = os.path.dirname(there)  # noqa: PTH120 - the paths are text
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        found = f"{directory} cannot be written: {error.strerror}"
        return Check(name=f"{kind} directory", status=Status.PROBLEM, found=found)
    return Check(name=f"{kind} directory", status=Status.OK, found=directory)


def _records() -> Iterator[Check]:
    """Check that the records can be read, where there are any."""
    from outrig.state.state import State

    path = f"{paths.state_dir()}/outrig.db"
    if not os.path.lexists(path):
        return
    try:
        count = len(State().sessions.select())
    except OutrigError as error:
        yield Check(name="records", status=Status.PROBLEM, found=str(error))
    else:
        found = f"{path} ({count} session{'' if count == 1 else 's'})"
        yield Check(name="records", status=Status.OK, found=found)


def _programs() -> Iterator[Check]:
    for name, without in _PROGRAMS:
        path = shutil.which(name)
        if path is None:
            yield Check(name=name, status=Status.NOTE, found=f"not found; {without}")
        else:
            yield Check(name=name, status=Status.OK, found=path)
    yield _container_engine()


def _container_engine() -> Check:
    name = "container engine"
    for program in _ENGINES:
        path = shutil.which(program)
        if path is None:
            continue
        try:
            subprocess.run([path, "info"], check=True, capture_output=True, timeout=15)
        except (OSError, subprocess.SubprocessError):
            found = f"{path} does not answer; is its service running, and may you use it?"
            return Check(name=name, status=Status.NOTE, found=found)
        return Check(name=name, status=Status.OK, found=path)
    found = f"none of {', '.join(_ENGINES)}; projects with an image or a Dockerfile need one"
    return Check(name=name, status=Status.NOTE, found=found)


def _configuration() -> Iterator[Check]:
    from outrig.config.file import read_config
    from outrig.config.user import user_settings

    try:
        config = read_config()
        user_settings(config)
    except OutrigError as error:
        for line in str(error).splitlines():
            yield Check(name="configuration", status=Status.PROBLEM, found=line)
        return
    found = str(config.path) if config.exists else f"{config.path} (not there: all defaults)"
    yield Check(name="configuration", status=Status.OK, found=found)
    yield _store()


def _store() -> Check:
    """Look whether the store that is configured is one; what is in it is not looked at."""
    from outrig.config.stores import store_place
    from outrig.session.library import default_store

    try:
        place = store_place(default_store())
    except OutrigError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return Check(name="store", status=Status.PROBLEM, found=f"{error}{hint}")
    tried = f"{place.url} (to try it: outrig doctor --store {place.label})"
    return Check(name="store", status=Status.OK, found=tried)


def _plugins(hooks: Hooks | None) -> Iterator[Check]:
    from outrig.plugins import Hooks
    from outrig.plugins.kinds import Kind

    hooks = hooks or Hooks()
    for problem in hooks.catalogue.problems:
        yield Check(
            name=f"plugin {problem.distribution}", status=Status.PROBLEM, found=problem.reason
        )
    wanted = {"local", *_configured_providers()}
    installed = {entry.name for entry in hooks.catalogue.entries(Kind.PROVIDER)}
    for name in sorted(wanted):
        if name in installed or name == "local":
            yield from provider_checks(hooks, name)


def _configured_providers() -> Iterator[str]:
    """Yield the providers that the configuration names."""
    from outrig.config.file import read_config
    from outrig.config.user import user_settings

    try:
        config = read_config()
        yield user_settings(config).provider
    except OutrigError:
        return
    for section in config.sections:
        kind, _, name = section.partition(".")
        if kind == "providers":
            yield name


def provider_checks(hooks: Hooks, name: str) -> Iterator[Check]:
    """Look at one provider, as far as it can tell how it stands."""
    from outrig.interfaces import WithCheck

    title = f"provider {name}"
    try:
        provider = hooks.provider(name)
        if not isinstance(provider, WithCheck):
            yield Check(name=title, status=Status.OK, found="it loads; it has no checks of its own")
            return
        for what, well, found in provider.check():
            status = Status.OK if well else Status.PROBLEM
            yield Check(name=f"{title}: {what}", status=status, found=found)
    except OutrigError as error:
        yield Check(name=title, status=Status.PROBLEM, found=str(error))
    except Exception as error:
        found = f"its check failed: {type(error).__name__}: {error}"
        yield Check(name=title, status=Status.PROBLEM, found=found)
