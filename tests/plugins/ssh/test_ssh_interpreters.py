"""The node program on the oldest and the newest Python found, and on those that are too old."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.errors import RemoteError
from outrig.model.run import RunStatus
from outrig.testing.providers import Held
from outrig_ssh.provider import SshProvider
from outrig_ssh.settings import SshSettings

if TYPE_CHECKING:
    from tests.plugins.ssh.conftest import Lab

NEEDED = (3, 8)
PLACES = ("/usr/bin/python3*", "/usr/local/bin/python3*", "/opt/python/*/bin/python3")
OWN_PLACES = (".pyenv/versions/*/bin/python", ".local/share/uv/python/*/bin/python3")
ASK = "import sys; print(*sys.version_info[:2])"


@cache
def interpreters() -> tuple[tuple[tuple[int, int], str], ...]:
    """Return the interpreters of this computer with their versions, the oldest first."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    paths = [path for place in PLACES for path in Path("/").glob(place[1:])]
    paths += [path for place in OWN_PLACES for path in home.glob(place)]
    found = {}
    for path in paths:
        words = [str(path), "-c", ASK]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        numbers = done.stdout.replace("(", "").replace(")", "").replace(",", " ").split()
        if done.returncode == 0 and len(numbers) == 2:
            found[int(numbers[0]), int(numbers[1])] = str(path)
    return tuple(sorted(found.items()))


def good() -> list[str]:
    """Return those that are new enough."""
    return [path for version, path in interpreters() if version >= NEEDED]


@pytest.fixture
def lab_here(lab: Lab) -> Lab:
    """Machines that see what is installed here for this user."""
    lab.boot("here", isolated=False)
    return lab


def on(lab: Lab, python: str) -> SshProvider:
    return SshProvider(SshSettings(hosts=("here",), config_file=str(lab.config), python=python))


@pytest.mark.parametrize("which", [0, -1], ids=["oldest", "newest"])
def test_a_session_works_on_it(lab_here: Lab, which: int) -> None:
    with closing(on(lab_here, good()[which])) as provider:
        held = Held(provider)
        held.sync({"a.txt": "a", "d/large": "text " * (1 << 20), "link": "x"})
        assert held.sync({"a.txt": "b", "d/large": "text " * (1 << 20)}).skipped is False
        state, out, _ = held.sh("cat a.txt; wc -c < d/large; exit 3")
        assert (state.status, state.exit_code) == (RunStatus.FAILED, 3)
        assert out == b"b%d\n" % (5 << 20)
        held.end()


def test_what_is_too_old_is_one_line(lab_here: Lab) -> None:
    old = [(version, path) for version, path in interpreters() if version < NEEDED]
    if not old:
        pytest.skip("there is no Python before 3.8 here")
    for version, path in old:
        said = f"Python {version[0]}.{version[1]} is too old (3.8 is needed)"
        with (
            closing(on(lab_here, path)) as provider,
            pytest.raises(RemoteError, match=re.escape(said)),
        ):
            Held(provider).sync({"a.txt": "a"})
