"""The pytest fixtures; see `outrig.testing`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.testing.command_line import CommandLine
from outrig.testing.directories import write_distribution, write_files
from outrig.testing.steady import Clock, Ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_CONTRACTS = (
    "commands",
    "expanders",
    "extensions",
    "faulty_provider",
    "providers",
    "store_faults",
    "stores",
)
pytest.register_assert_rewrite(*(f"outrig.testing.{name}" for name in _CONTRACTS))

_NOISE = (
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "LINES",
    "PAGER",
    "PYTHONUNBUFFERED",
)
_GIT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
_PERSON = {
    "GIT_AUTHOR_NAME": "A Tester",
    "GIT_AUTHOR_EMAIL": "tester@example.org",
    "GIT_COMMITTER_NAME": "A Tester",
    "GIT_COMMITTER_EMAIL": "tester@example.org",
}


@pytest.fixture(scope="session")
def plugin_manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Look once for the plugins that are installed; every home begins with what was found."""
    home = tmp_path_factory.mktemp("manifest")
    subprocess.run(
        [sys.executable, "-P", "-c", "from outrig.manifest import load; load()"],
        env={**os.environ, "OUTRIG_HOME": str(home)},
        check=True,
    )
    return home / "cache"


@pytest.fixture
def outrig_home(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    plugin_manifest: Path,
) -> Path:
    """Move HOME, the XDG directories and OUTRIG_HOME below `tmp_path`, and return the new home.

    What would change the output (colours, widths, git's and Outrig's variables) is taken away. The
    package installers keep their configuration; their caches, and compiled modules where Python is
    told to keep none, are shared by the tests of a session.
    """
    home = tmp_path / "home"
    home.mkdir()
    if plugin_manifest.is_dir():
        shutil.copytree(plugin_manifest, home / "outrig" / "cache")
    variables = {
        **_PERSON,
        **_caches(tmp_path_factory),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "OUTRIG_HOME": str(home / "outrig"),
        "TERM": "dumb",
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
    }
    ours = [name for name in os.environ if name.startswith("OUTRIG_")]
    for name in (*_NOISE, *_GIT, *ours):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return home


def _caches(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    caches = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        caches = caches.parent
    variables = {"PIP_CACHE_DIR": str(caches / "pip"), "UV_CACHE_DIR": str(caches / "uv")}
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):
        variables |= {
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(caches / "pycache"),
        }
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    for name, file in (("PIP_CONFIG_FILE", "pip/pip.conf"), ("UV_CONFIG_FILE", "uv/uv.toml")):
        if name not in os.environ and (configuration / file).is_file():
            variables[name] = str(configuration / file)
    return variables


@pytest.fixture
def run(outrig_home: Path, tmp_path: Path) -> CommandLine:
    """Run the real command line in a process of its own, in a home of its own."""
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    return CommandLine(directory)


class ProjectMaker:
    """Makes project directories, and lets `run` work in the newest."""

    def __init__(self, root: Path, command_line: CommandLine) -> None:
        self.root = root
        self.command_line = command_line

    def __call__(
        self,
        files: Mapping[str, str | bytes | Mapping[str, object]],
        *,
        name: str = "project",
    ) -> Path:
        """Write `files` (path to text, bytes, or a mapping as YAML) and return the directory."""
        directory = write_files(self.root / name, files)
        self.command_line.directory = directory
        return directory


@pytest.fixture
def project(run: CommandLine, tmp_path: Path) -> ProjectMaker:
    """Make a project of a mapping: `project({"outrig.yaml": {...}, "train.py": "..."})`."""
    return ProjectMaker(tmp_path, run)


class PluginMaker:
    """Makes installed distributions on a path that this process and its children search."""

    def __init__(self, site: Path) -> None:
        self.site = site

    def __call__(
        self,
        name: str,
        *,
        entry_points: Mapping[str, Mapping[str, str]],
        files: Mapping[str, str | bytes],
        version: str = "1.0",
        requires: Sequence[str] = ("outrig",),
    ) -> Path:
        """Install a distribution; see `outrig.testing.directories.write_distribution`."""
        return write_distribution(
            self.site,
            name,
            entry_points=entry_points,
            files=files,
            version=version,
            requires=requires,
        )


@pytest.fixture
def plugins(
    outrig_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PluginMaker]:
    """Install test distributions: `plugins("acme", entry_points={...}, files={...})`."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)
    known = set(sys.modules)
    yield PluginMaker(site)
    for name in set(sys.modules) - known:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).is_relative_to(site):
            del sys.modules[name]


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still until the test moves it."""
    return Clock()


@pytest.fixture
def ids() -> Ids:
    """Give identifiers that are the same in every run."""
    return Ids()
