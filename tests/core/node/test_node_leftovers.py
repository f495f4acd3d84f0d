"""What killed removals and other versions leave in a node root is found, and removed on demand."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from outrig.errors import UsageError
from outrig.node.boot import program_digest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.providers import Held
    from outrig_local.provider import LocalProvider


def age(path: Path, days: int) -> None:
    moment = time.time() - days * 86400
    os.utime(path, (moment, moment))


def test_what_a_killed_removal_left_is_removed(
    held: Held, provider: LocalProvider, root: Path
) -> None:
    left = root / "trash" / "0123abcd" / "work"
    left.mkdir(parents=True)
    (left / "it's a file").write_text("x")
    left.chmod(0o500)
    assert provider.kept(held.head).leftovers == ("trash/0123abcd",)
    provider.remove_leftover(held.head, "trash/0123abcd")
    provider.remove_leftover(held.head, "trash/0123abcd")
    assert list((root / "trash").iterdir()) == []
    assert provider.kept(held.head).leftovers == ()


def test_programs_that_nobody_asks_for_are_removed_but_not_ours(
    held: Held, provider: LocalProvider, root: Path
) -> None:
    programs = root.parent / "program"
    (own,) = programs.iterdir()
    assert own.name.startswith(program_digest())
    for name, days in (("old.cpython-38", 8), ("new.cpython-38", 6), (own.name, 100)):
        (programs / name).touch()
        age(programs / name, days)
    assert provider.kept(held.head).leftovers == ("program/old.cpython-38",)
    provider.remove_leftover(held.head, "program/old.cpython-38")
    assert {one.name for one in programs.iterdir()} == {"new.cpython-38", own.name}


@pytest.mark.parametrize("name", ["s/x", "trash/..", "trash/a/b", "trash/", "", "program/../s"])
def test_nothing_else_can_be_removed_this_way(
    held: Held, provider: LocalProvider, name: str
) -> None:
    with pytest.raises(UsageError):
        provider.remove_leftover(held.head, name)
