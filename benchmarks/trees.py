"""The directory trees that snapshots are measured on."""

from __future__ import annotations

import os
import random
import shutil
import sysconfig
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MIB = 1 << 20
_LARGEST = 8 * _MIB
"""Of what is installed, larger files are left out: a few engines would outweigh all the rest."""


def _installed() -> Iterator[tuple[str, str]]:
    """Yield every installed file of this Python: its path, and that in the tree."""
    for kind in ("purelib", "stdlib"):
        top = sysconfig.get_path(kind)
        for directory, below, files in os.walk(top):
            below[:] = [one for one in below if one not in ("site-packages", "__pycache__")]
            for name in files:
                path = os.path.join(directory, name)  # noqa: PTH118 - tens of thousands
                if not os.path.islink(path) and os.path.getsize(path) <= _LARGEST:  # noqa: PTH114, PTH202
                    yield path, f"{kind}/{path[len(top) + 1 :]}"


def make_packages(root: Path, files: int) -> tuple[int, int]:
    """Copy `files` files of installed packages, by chance but always the same.

    Returns how many there were, and their size in bytes.
    """
    chosen = sorted(_installed(), key=lambda one: one[1])
    random.Random(1).shuffle(chosen)
    size = 0
    for source, path in chosen[:files]:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        size += target.stat().st_size
    (root / "outrig.yaml").write_text("name: tree\n")
    return min(files, len(chosen)), size


def make_big(root: Path, mib: int) -> None:
    """Write two large files of `mib` MiB: one of words, one that nothing compresses."""
    root.mkdir(parents=True)
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(2000)]
    with (root / "words.txt").open("wb") as text, (root / "noise.bin").open("wb") as noise:
        for _ in range(mib):
            text.write(" ".join(chance.choices(words, k=_MIB // 8)).encode().ljust(_MIB))
            noise.write(chance.randbytes(_MIB))
    (root / "outrig.yaml").write_text("name: big\n")


class Edits:
    """Changes a tree before a program looks at it: each finds the same amount changed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._chance = random.Random(2)
        self._number = 0
        self._files = sorted(root.rglob("*.py"))[::97][:10]
        self._directory = max(root.glob("purelib/*/"), key=lambda one: len(list(one.rglob("*"))))

    def ten_files(self) -> None:
        """Write ten files anew, always the same ones."""
        for file in self._files:
            file.write_bytes(self._chance.randbytes(5000))

    def rename(self) -> None:
        """Give the largest package another name, one that it never had."""
        self._number += 1
        self._directory = self._directory.rename(self._root / f"renamed-{self._number}")


def append(file: Path, base_bytes: int) -> None:
    """Make a file `base_bytes` and one MiB long, the latter new each time."""
    with file.open("r+b") as stream:
        stream.truncate(base_bytes)
        stream.seek(base_bytes)
        stream.write(os.urandom(_MIB))
