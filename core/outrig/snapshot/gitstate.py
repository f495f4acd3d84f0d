"""Which commit and branch a project stands on, and whether files differ from it.

git is run beside the scan, in such a way that nothing a repository's own configuration names is
executed: no fsmonitor, no hooks, no filters, no submodules.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from outrig.model.snapshot import GitState

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT_S = 60
_SAFE = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.untrackedCache=false"),
    "--no-optional-locks",
)


def _environment() -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def _program() -> str | None:
    """Return where git is, from absolute directories only: never from the project itself."""
    for directory in os.get_exec_path():
        program = os.path.join(directory, "git")  # noqa: PTH118 - on the way of every snapshot
        if os.path.isabs(directory) and os.access(program, os.X_OK):  # noqa: PTH117
            return program
    return None


def _git(root: bytes, *arguments: str) -> str | None:
    """Run git in `root`; `None` when it is not there or refuses."""
    import subprocess

    program = _program()
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *_SAFE, *arguments],
            cwd=root,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _no_filters(root: bytes) -> list[str]:
    """Return options that switch off every content filter the repository configures."""
    listed = _git(
        root, "config", "--includes", "--null", "--name-only", "--get-regexp", r"^filter\."
    )
    options: list[str] = []
    for name in (listed or "").split("\0"):
        if name.endswith((".clean", ".smudge", ".process")):
            options += ["-c", f"{name}="]
        elif name.endswith(".required"):
            options += ["-c", f"{name}=false"]
    return options


def read_git_state(root: bytes) -> GitState | None:
    """Return where the repository at `root` stands; `None` when it has no commit or no git."""
    if not os.path.lexists(os.path.join(root, b".git")):  # noqa: PTH118 - bytes
        return None
    status = _git(
        root,
        *_no_filters(root),
        "status",
        "--porcelain=v2",
        "--branch",
        "--untracked-files=no",
        "--ignore-submodules=all",
    )
    if status is None:
        return None
    commit = branch = None
    dirty = False
    for line in status.splitlines():
        if line.startswith("# branch.oid "):
            commit = line.split()[2]
        elif line.startswith("# branch.head "):
            branch = line.split(maxsplit=2)[2]
        elif not line.startswith("#"):
            dirty = True
    if commit is None or commit == "(initial)":
        return None
    return GitState(commit=commit, branch=None if branch == "(detached)" else branch, dirty=dirty)


class GitQuestion:
    """Asks git in the background; `answer` waits for it."""

    def __init__(self, root: bytes) -> None:
        self._answer: GitState | None = None
        self._thread = threading.Thread(target=self._ask, args=(root,), daemon=True)
        self._asked = os.path.lexists(os.path.join(root, b".git"))  # noqa: PTH118 - bytes
        if self._asked:
            self._thread.start()

    def _ask(self, root: bytes) -> None:
        self._answer = read_git_state(root)

    def answer(self) -> GitState | None:
        """Return what git says."""
        if self._asked:
            self._thread.join()
        return self._answer
