"""Two users of one computer, root being one of them, never see each other's sessions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.node.program.namespaces import why_no_namespaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai

    AsNobody = Callable[..., str]

LOOKS = """
import os, pathlib, sys
seen = [str(one) for top in ("/home", "/tmp") for one in pathlib.Path(top).rglob("*")]
names = [pathlib.Path(one, "comm").read_text() for one in pathlib.Path("/proc").glob("[0-9]*")]
print("secret" in " ".join(seen), "sleep\\n" in names, os.getuid())
"""
READS = """
try:
    print(open(PATH).read())
except OSError as err:
    print(type(err).__name__)
"""


@pytest.fixture
def as_nobody(nobody: tuple[str, ...]) -> Iterator[AsNobody]:
    """Run `outrig bai` commands as a user who is not root, with a home of that user's own."""
    if why_no_namespaces():
        pytest.skip("no namespaces here: processes and /tmp are the machine's")
    if not nobody:
        pytest.skip("only root can be two users")
    home = Path(tempfile.mkdtemp(prefix="bai-nobody-", dir="/tmp"))
    os.chown(home, 65534, 65534)
    environ = {"HOME": str(home), "PATH": os.defpath, "LANG": "C.UTF-8"}
    environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if Path(path).is_dir())

    def run(*words: str, anyhow: bool = False) -> str:
        argv = [*nobody, python_for_all(), "-m", "outrig", *words]
        done = subprocess.run(
            argv, env=environ, cwd=home, capture_output=True, text=True, timeout=100, check=False
        )
        if "No module named" in done.stderr or "Permission denied" in done.stderr:
            pytest.skip(f"another user cannot run Outrig from where it is: {done.stderr[-200:]}")
        assert anyhow or done.returncode == 0, done.stderr
        return done.stdout

    try:
        run("--version")
        yield run
    finally:
        run("bai", "rm", "theirs", anyhow=True)
        shutil.rmtree(home)


def python_for_all() -> str:
    """Return this Python, that of the system if it is the same: ours may be root's alone."""
    same = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return shutil.which(same, path="/usr/bin:/usr/local/bin") or sys.executable


def test_neither_sees_what_the_other_has(bai: Bai, compute: Compute, as_nobody: AsNobody) -> None:
    bai("start", "-t", "mine", "python").checked()
    keep = "touch secret /tmp/secret; setsid sleep 600 > /dev/null 2>&1 &"
    bai("run", "-q", "-t", "mine", "-c", f"import os; os.system({keep!r})", "python").checked()

    assert as_nobody("bai", "ps") == "There are no matching sessions.\n"
    as_nobody("bai", "start", "-t", "theirs", "python")
    looked = as_nobody("bai", "run", "-q", "-t", "theirs", "-c", LOOKS, "python")
    assert looked == "False False 65534\n"

    assert bai("ps", "--name-only", "--plain").checked().out == "mine\n"
    mine = bai("run", "-q", "-t", "mine", "-c", LOOKS, "python").checked()
    assert mine.out.split()[:2] == ["True", "True"]
    assert mine.out.split()[2] != "0"


def test_neither_sees_folders_of_the_other(bai: Bai, compute: Compute, as_nobody: AsNobody) -> None:
    (bai.run.directory / "secret").write_text("mine")
    bai("vfolder", "create", "private").checked()
    bai("vfolder", "upload", "private", "secret").checked()
    bai("dotfile", "create", ".private", input="mine").checked()
    (path,) = Path(compute.directory.state_directory).rglob("secret")
    assert path.read_text() == "mine"

    assert as_nobody("bai", "vfolder", "list") == "There is no virtual folders created yet.\n"
    assert as_nobody("bai", "dotfile", "list") == "There is no dotfiles created yet.\n"
    assert as_nobody("bai", "vfolder", "ls", "private", anyhow=True) == ""
    code = READS.replace("PATH", repr(str(path)))
    looked = as_nobody("bai", "run", "-q", "-t", "theirs", "-c", code, "python")
    assert looked in ("PermissionError\n", "FileNotFoundError\n")
