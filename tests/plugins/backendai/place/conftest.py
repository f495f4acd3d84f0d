"""Insides of sessions on this computer, as root and as a normal user, without the engine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig_backendai.place.entering import NEEDS_PROGRAM, bring_program, inside, set_up
from outrig_backendai.place.record import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SYSTEM_PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
NO_NAMESPACES = """
import ctypes, os, platform, struct, sys
calls = {"x86_64": (272, 308, 165), "aarch64": (97, 268, 40)}[platform.machine()]
steps = [(0x20, 0, 0, 0)]
steps += [(0x15, len(calls) - at, 0, call) for at, call in enumerate(calls)]
steps += [(6, 0, 0, 0x7FFF0000), (6, 0, 0, 0x00050001)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in steps))
class Program(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("steps", ctypes.c_void_p)]
library = ctypes.CDLL(None, use_errno=True)
library.prctl(38, 1, 0, 0, 0)
if library.prctl(22, 2, ctypes.byref(Program(len(steps), ctypes.addressof(code))), 0, 0):
    sys.exit("no seccomp: %s" % os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Runs a program for which unshare, setns and mount are forbidden, as in many containers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a script inside ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One session's directory on this node, and by whom its node program is run."""

    work: Path
    prefix: tuple[str, ...] = ()
    environ: tuple[tuple[str, str], ...] = ()
    place: Place = field(default_factory=Place)

    @property
    def name(self) -> str:
        """What the session is called: no other test has one of that name."""
        return f"{self.work.parent.name}-{self.work.parents[5].name}"

    def of(self, place: Place) -> Trial:
        """Set it up for a place; returns the trial that goes on with it."""
        made = replace(self, place=place)
        done = made.set_up(place)
        assert done.code == 0, done.err
        return made

    def set_up(self, place: Place) -> Done:
        """Set it up, bringing the program first where the node has not got it."""
        done = self.shell(set_up(place))
        if done.code != NEEDS_PROGRAM:
            return done
        assert self.shell(bring_program()).code == 0
        return self.shell(set_up(place))

    def shell(self, text: str) -> Done:
        """Run shell text as the node program runs it."""
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.work.parent),
            "OUTRIG_SESSION": self.name,
            "OUTRIG_PYTHON": SYSTEM_PYTHON,
            **dict(self.environ),
        }
        ended = subprocess.run(
            [*self.prefix, "bash", "-c", text],
            cwd=self.work,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        code = 128 - ended.returncode if ended.returncode < 0 else ended.returncode
        return Done(code=code, out=ended.stdout, err=ended.stderr)

    def run(self, script: str) -> Done:
        """Run a script inside."""
        return self.shell(inside(self.place, script))

    def means(self) -> str:
        """Return by which means it was made."""
        return str(json.loads((self.work / ".place/means").read_text())["means"])

    def holder(self) -> int:
        """Return the process that holds its namespaces, 0 if there is none."""
        noted = self.work / ".place/holder"
        return int(json.loads(noted.read_text())["pid"]) if noted.exists() else 0

    def end(self) -> None:
        """End what it left running, as the node does, and wait until it is gone."""
        pid = self.holder()
        deadline = time.monotonic() + 30
        while pid and is_alive(pid) and time.monotonic() < deadline:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Tell whether a process is there; one that ended and was not reaped yet is not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


@pytest.fixture
def sessions() -> Iterator[Callable[[str, Sequence[str]], Trial]]:
    """Return what makes sessions' directories, by name and for whom; they end with the test."""
    top = Path(tempfile.mkdtemp(prefix="bai-", dir="/tmp"))
    top.chmod(0o755)
    made: list[Trial] = []

    def make(name: str, prefix: Sequence[str] = ()) -> Trial:
        root = top / ("of-nobody" if prefix[:1] == NOBODY[:1] else "own")
        work = root / "node-1/machine/s" / name / "work"
        work.mkdir(parents=True, exist_ok=True)
        if prefix[:1] == NOBODY[:1]:
            for one in (root, *work.parents[:4], work):
                os.chown(one, 65534, 65534)
        root.chmod(0o700)
        made.append(Trial(work=work, prefix=tuple(prefix)))
        return made[-1]

    yield make
    for one in made:
        one.end()
    shutil.rmtree(top)


@pytest.fixture(params=["root", "user"])
def trial(request: pytest.FixtureRequest, sessions: Callable[[str, Sequence[str]], Trial]) -> Trial:
    """A session's directory: of root, and of a user who is not root."""
    if os.getuid() != 0:
        if request.param == "root":
            pytest.skip("the tests do not run as root")
        return sessions("one", ())
    return sessions("one", NOBODY if request.param == "user" else ())


@pytest.fixture
def nobody() -> tuple[str, ...]:
    """Words that run a program as a user who is not root."""
    return NOBODY if os.getuid() == 0 else ()


@pytest.fixture
def roomy(trial: Trial) -> Trial:
    """The same, set up with this system's Python, where namespaces can be had."""
    made = trial.of(Place(interpreter=SYSTEM_PYTHON))
    if made.means() != "namespaces":
        pytest.skip("no namespaces here")
    return made


@pytest.fixture
def forbidden() -> tuple[str, ...]:
    """Words that run a program which may open no namespace."""
    return (SYSTEM_PYTHON, "-c", NO_NAMESPACES)
