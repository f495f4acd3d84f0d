"""The ignore rules against git itself."""

from __future__ import annotations

import os
import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from outrig.snapshot.directory import ScanOptions
from outrig.snapshot.pathname import to_bytes
from outrig.snapshot.walk import Walk

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = [b"a", b"b", b"ab", b"abc", b"a b", b"x.py", b"X.py", b"log", b"build", b"[a]", b"a*b"]
_NAMES += [b"\xc3\xa9t\xc3\xa9", b"-", b"a ", b"!x", b"#y", b"c\\d", b"1", b"a]b", b"z\xc3\xa9.log"]
_PIECES = [b"a", b"b", b"c", b"*", b"?", b"**", b"/", b"x", b".py", b"log", b"build", b"[ab]"]
_PIECES += [b"[!a]", b"[^b]", b"[a-c]", b"[]a]", b"[[:alpha:]]", b"[[:digit:]x]", b"[[:bogus:]]"]
_PIECES += [b"[", b"]", b"\\*", b"\\a", b"\\", b" ", b"\\ ", b"***", b"/**", b"**/", b"/**/", b"-"]
_PIECES += [b"\xc3\xa9", b"\xc3", b"[\xc3\xa0-\xc3\xbf]", b"!", b"#", b"\\!", b"[a\\]]", b"[a-]"]


def _git(directory: Path, *arguments: str, data: bytes | None = None) -> bytes:
    done = subprocess.run(
        ["git", *arguments], cwd=directory, input=data, stdout=subprocess.PIPE, check=False
    )
    assert done.returncode in (0, 1), arguments
    return done.stdout


def _untracked(root: Path) -> set[bytes]:
    listed = _git(root, "ls-files", "-o", "--exclude-standard", "-z")
    return {one for one in listed.split(b"\0") if one}


def _taken(root: Path) -> set[bytes]:
    found = set()
    for directory in Walk(to_bytes(str(root)), ScanOptions()):
        for index, name in enumerate(directory.names):
            if directory.mode(index) & 0o170000 != 0o040000:
                found.add(directory.path + b"/" + name if directory.path else name)
    return found


def _write_tree(root: Path, rng: random.Random, depth: int) -> None:
    for name in rng.sample(_NAMES, 6 if depth else 8):
        path = root / os.fsdecode(name)
        if depth < 3 and rng.random() < 0.5:
            path.mkdir()
            _write_tree(path, rng, depth + 1)
        else:
            path.write_bytes(b"x")


def _pattern(rng: random.Random) -> bytes:
    if rng.random() < 0.4:  # a real path's parts, with something replaced
        parts = rng.choices(_NAMES, k=rng.randint(1, 3))
        at = rng.randrange(len(parts))
        parts[at] = rng.choice([b"*", b"**", b"?", b"a*", b"*b", parts[at], parts[at] + b"*"])
        body = b"/".join(parts)
    else:
        body = b"".join(rng.choices(_PIECES, k=rng.randint(1, 5)))
    head = rng.choice([b"", b"", b"", b"!", b"/", b"\\", b"**/", b"!/"])
    tail = rng.choice([b"", b"", b"", b"/", b"/**", b" ", b"  ", b"\\ ", b"\r"])
    return head + body + tail


def _ignore_file(rng: random.Random) -> bytes:
    lines = [_pattern(rng) for _ in range(rng.randint(1, 8))]
    head = rng.choice([b"", b"", b"\xef\xbb\xbf", b"# a comment\n\n"])
    return head + b"\n".join(lines) + rng.choice([b"", b"\n"])


@pytest.mark.parametrize("seed", range(25))
def test_random_rules_leave_out_what_git_leaves_out(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    root = tmp_path / "tree"
    root.mkdir()
    _git(root, "init", "-q")
    _write_tree(root, rng, 0)
    below = [one for one in root.rglob("*") if one.is_dir() and ".git" not in one.parts]
    directories = [root, *below]
    for _ in range(4):
        written = []
        for directory in [root, *rng.sample(directories, min(2, len(directories)))]:
            file = directory / ".gitignore"
            file.write_bytes(_ignore_file(rng))
            written.append(file)
        rules = {str(one): one.read_bytes() for one in written}
        assert _taken(root) == _untracked(root), f"seed {seed}: {rules}"
        for file in set(written):
            file.unlink()


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ("*.log\n!keep.log\n", {"keep.log", "a.txt", "sub/a.txt"}),
        ("/a.txt\n", {"x.log", "keep.log", "sub/x.log", "sub/a.txt"}),
        ("sub/\n", {"x.log", "keep.log", "a.txt"}),
        ("sub/\n!sub/a.txt\n", {"x.log", "keep.log", "a.txt"}),
        ("sub/*\n!sub/a.txt\n", {"x.log", "keep.log", "a.txt", "sub/a.txt"}),
        ("**/a.txt\n", {"x.log", "keep.log", "sub/x.log"}),
        ("# a.txt\n\\#b\n", {"x.log", "keep.log", "a.txt", "sub/x.log", "sub/a.txt"}),
    ],
)
def test_rules_as_users_write_them(tmp_path: Path, rules: str, kept: set[str]) -> None:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    root = tmp_path / "tree"
    for name in ("x.log", "keep.log", "a.txt", "sub/x.log", "sub/a.txt"):
        (root / name).write_text("x")
    (root / ".gitignore").write_text(rules)
    assert {one.decode() for one in _taken(root)} - {".gitignore"} == kept


def test_outrigignore_has_the_last_word(tmp_path: Path) -> None:
    for name in ("data.csv", "notes.txt", "big.bin"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".gitignore").write_text("data.csv\nnotes.txt\n")
    (tmp_path / ".outrigignore").write_text("!data.csv\nbig.bin\n")
    kept = {one.decode() for one in _taken(tmp_path)} - {".gitignore", ".outrigignore"}
    assert "data.csv" in kept
    assert not kept & {"notes.txt", "big.bin"}


def test_names_that_are_not_utf8_are_matched_as_bytes(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    _git(root, "init", "-q")
    for name in (b"\xff\xfe.bin", b"caf\xe9", b"plain"):
        (root / os.fsdecode(name)).write_bytes(b"x")
    (root / ".gitignore").write_bytes(b"*\xe9\n\xff?.bin\n")
    assert _taken(root) == _untracked(root) == {b".gitignore", b"plain"}
