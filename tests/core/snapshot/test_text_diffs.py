"""What differs in one file, and what is not shown line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.errors import NotFoundError
from outrig.snapshot.textdiff import names_file, text_diff

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.testing.stores import Library

    Compare = Callable[[bytes | None, bytes | None], list[str]]


@pytest.fixture
def compare(library: Library) -> Compare:
    """Return what is shown of a file with one content, then another; `None` is no file."""

    def made(content: bytes | None) -> Path:
        file = library.root / "file"
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_bytes(content)
        return file

    def compared(before: bytes | None, after: bytes | None) -> list[str]:
        made(before)
        old = library.reader(library.create().info)
        made(after)
        new = library.reader(library.create().info)
        assert names_file(old, new, "./file")
        return list(text_diff(old, new, "./file"))

    return compared


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (None, b"a\n", ["--- /dev/null", "+++ b/file", "@@ -0,0 +1 @@", "+a"]),
        (b"a\n", None, ["--- a/file", "+++ /dev/null", "@@ -1 +0,0 @@", "-a"]),
        (
            b"a\x0bb\n",
            b"a\x0bc\n",
            ["--- a/file", "+++ b/file", "@@ -1 +1 @@", "-a\x0bb", "+a\x0bc"],
        ),
        (b"\xff\n", b"\xfe\n", ["--- a/file", "+++ b/file", "@@ -1 +1 @@", "-\udcff", "+\udcfe"]),
        (b"", b"", []),
    ],
)
def test_lines_are_shown(
    compare: Compare, before: bytes | None, after: bytes | None, shown: list[str]
) -> None:
    assert compare(before, after) == shown


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (b"a\0b", b"a\0c", "3 bytes before, 3 bytes after; not shown as text"),
        (b"a", b"x" * (5 << 20), "1 bytes before, 5242880 bytes after; not shown as text"),
        (b"\n" * 30_000, b"a\n", "too many lines"),
    ],
)
def test_what_is_no_text_or_too_much_is_said(
    compare: Compare, before: bytes | None, after: bytes, why: str
) -> None:
    (line,) = compare(before, after)
    assert why in line


def test_links_and_modes_and_what_is_missing(library: Library) -> None:
    (library.root / "file").write_text("a\n")
    (library.root / "link").symlink_to("file")
    (library.root / "sub").mkdir()
    old = library.reader(library.create().info)
    (library.root / "file").chmod(0o755)
    (library.root / "link").unlink()
    (library.root / "link").symlink_to("sub")
    new = library.reader(library.create().info)
    assert list(text_diff(old, new, "file")) == ["file is executable after only"]
    assert list(text_diff(old, new, "link"))[-2:] == ["-file", "+sub"]
    assert not names_file(old, new, "sub")
    with pytest.raises(NotFoundError, match="in neither snapshot"):
        names_file(old, new, "nothing")
