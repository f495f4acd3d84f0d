"""The real command line, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from outrig.testing.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OUTRIG = (sys.executable, "-P", "-m", "outrig")
"""How `outrig` is started: as the console script does, without the current directory on its path"""


class CommandLine:
    """Runs `outrig` as a user would. It sees the environment that the test sees."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(
        self,
        *argv: str,
        input: str | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str | None] | None = None,
        timeout_s: float = 60,
    ) -> Result:
        """Run `outrig ARGV…` to its end.

        `input` is what is piped to it (nothing: no standard input); `cwd` is where it runs, by
        default the directory of the project that the test made last; `env` changes variables,
        `None` removes one.
        """
        return self.program(*OUTRIG, *argv, input=input, cwd=cwd, env=env, timeout_s=timeout_s)

    def program(
        self,
        *argv: str,
        input: str | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str | None] | None = None,
        timeout_s: float = 60,
    ) -> Result:
        """Run any program in the same way."""
        done = subprocess.run(
            argv,
            input=None if input is None else input.encode(),
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            cwd=cwd or self.directory,
            env=changed(os.environ, env or {}),
            timeout=timeout_s,
            check=False,
        )
        return _result(argv, done.returncode, done.stdout, done.stderr)

    def start(
        self,
        *argv: str,
        cwd: Path | None = None,
        env: Mapping[str, str | None] | None = None,
    ) -> Running:
        """Start `outrig ARGV…` and return at once: for two at a time, and for signals."""
        process = subprocess.Popen(
            (*OUTRIG, *argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd or self.directory,
            env=changed(os.environ, env or {}),
        )
        return Running(argv, process)


class Running:
    """A command that has not ended yet."""

    def __init__(self, argv: tuple[str, ...], process: subprocess.Popen[bytes]) -> None:
        self.argv = argv
        self.process = process

    def send(self, signal: int) -> None:
        """Send it a signal."""
        self.process.send_signal(signal)

    def read_line(self) -> str:
        """Wait for its next line on standard output; empty when there will be none."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode(errors="backslashreplace")

    def read_error_line(self) -> str:
        """Wait for its next line on standard error; empty when there will be none."""
        assert self.process.stderr is not None
        return self.process.stderr.readline().decode(errors="backslashreplace")

    def wait(self, timeout_s: float = 60) -> Result:
        """Wait for its end; what was read line by line is not in the result."""
        try:
            out, err = self.process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return _result(self.argv, self.process.returncode, out, err)


def changed(environment: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """Return an environment with some variables set and those that are `None` removed."""
    merged: dict[str, str | None] = {**environment, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def _result(argv: tuple[str, ...], code: int, out: bytes, err: bytes) -> Result:
    return Result(
        argv=argv,
        exit_code=code if code >= 0 else 128 - code,
        out=out.decode(errors="backslashreplace"),
        err=err.decode(errors="backslashreplace"),
    )
