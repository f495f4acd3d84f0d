"""A clean virtual environment that sees this Outrig and the tools of its tests."""

from __future__ import annotations

import os
import sysconfig
import venv
from pathlib import Path

import pytest

SCRIPT = """\
#!{python}
import sys
from {module} import {function}
sys.exit({function}())
"""
PROGRAMS = {
    "outrig": ("outrig.__main__", "main"),
    "pytest": ("pytest", "main"),
}


@pytest.fixture(scope="session")
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a virtual environment with nothing of its own but pip, and return its bin directory.

    What this one has is seen through a `.pth` file, so nothing is downloaded.
    """
    place = tmp_path_factory.mktemp("clean") / "venv"
    venv.EnvBuilder(with_pip=True, symlinks=True).create(place)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)}))
    ours = sysconfig.get_path("purelib")
    (site / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    for name, (module, function) in PROGRAMS.items():
        script = place / "bin" / name
        script.write_text(
            SCRIPT.format(python=place / "bin/python", module=module, function=function)
        )
        script.chmod(0o755)
    return place / "bin"


@pytest.fixture
def in_environment(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the programs of the clean environment first, as after `. .venv/bin/activate`."""
    monkeypatch.setenv("PATH", str(clean_environment), prepend=os.pathsep)
    monkeypatch.setenv("VIRTUAL_ENV", str(clean_environment.parent))
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    monkeypatch.setenv("PIP_ROOT_USER_ACTION", "ignore")
    return clean_environment
