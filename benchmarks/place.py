"""Where benchmarks work: a directory on a disk file system, with a home of its own."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A temporary directory; `variables` put Outrig's home into it."""

    root: Path

    @property
    def home(self) -> Path:
        """Outrig's home."""
        return self.root / "home"

    @property
    def variables(self) -> dict[str, str]:
        """What to set for a program so that it works here."""
        return {
            "OUTRIG_HOME": str(self.home),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }

    def do(self, *argv: str, cwd: Path | None = None) -> None:
        """Run a program that is not measured; raises `RuntimeError` with its output."""
        done = subprocess.run(
            argv,
            cwd=cwd or self.root,
            env={**os.environ, **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}")


@contextmanager
def temporary_place(parent: Path) -> Iterator[Place]:
    """Make a place below `parent`, which should not lie in memory, and remove it in the end."""
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=parent, prefix="bench-") as root:
        yield Place(root=Path(root))


def make_tree(root: Path, files: int, seed: int = 1) -> None:
    """Write a source tree: `files` files of 0.1 to 20 kB of words, 50 to a directory."""
    chance = random.Random(seed)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(2000)]
    for number in range(files):
        directory = root / f"part{number // 2500}" / f"module{number // 50}"
        directory.mkdir(parents=True, exist_ok=True)
        count = int(12 * 1.5 ** chance.uniform(0, 13))
        text = " ".join(chance.choices(words, k=count))
        (directory / f"file{number}.py").write_text(f"# {number}\n{text}\n")
    (root / "outrig.yaml").write_text("name: tree\n")


def remove(path: Path) -> None:
    """Remove a directory that may not be there."""
    shutil.rmtree(path, ignore_errors=True)
