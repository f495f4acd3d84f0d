"""Dotfiles: kept as they were given, and in every session."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from outrig.errors import CapacityError, ConflictError, NotFoundError, UsageError
from outrig_backendai.directory.dotfiles import (
    MOST_BYTES,
    Dotfile,
    Dotfiles,
    Scope,
    checked_path,
    checked_permission,
    dotfiles_for,
    group_scope,
)

if TYPE_CHECKING:
    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai


@pytest.mark.parametrize("path", ["/etc/passwd", "..", "../x", "", ".", "a/", "/home/work", "a\0"])
def test_a_dotfile_is_below_the_home(path: str) -> None:
    with pytest.raises(UsageError, match="is no file below /home/work"):
        checked_path(path)
    assert checked_path("/home/work/.config/x") == checked_path("~/.config/./x") == ".config/x"


@pytest.mark.parametrize("text", ["", "9", "8888", "rwx", "77", "1777", "0x1"])
def test_a_permission_is_octal(text: str) -> None:
    with pytest.raises(UsageError, match="no permission"):
        checked_permission(text)
    assert checked_permission("0644") == "644"


def test_the_nearest_owner_s_counts(compute: Compute) -> None:
    directory = compute.directory
    owners = (Scope(kind="domain", owner="d"), group_scope("d", "g"), Scope(kind="user", owner="k"))
    for text, scope in zip("dgu", owners, strict=True):
        kept = Dotfiles(directory, scope)
        kept.add(Dotfile(path=".bashrc", permission="644", data=text.encode()))
        kept.add(Dotfile(path=f".{text}", permission="644", data=b""))
    found = {one.path: one.data for one in dotfiles_for(directory, "k", "d", "g")}
    assert (found[".bashrc"], sorted(found)) == (b"u", [".bashrc", ".d", ".g", ".u"])
    found = {one.path: one.data for one in dotfiles_for(directory, "other", "d", "other")}
    assert found == {".bashrc": b"d", ".d": b""}


def test_there_is_an_end_to_dotfiles(compute: Compute) -> None:
    kept = Dotfiles(compute.directory, Scope(kind="user", owner="k"))
    kept.add(Dotfile(path="a", permission="644", data=b"x" * (MOST_BYTES - 1)))
    with pytest.raises(CapacityError, match="64 KiB in all"):
        kept.add(Dotfile(path="b", permission="644", data=b"xx"))
    kept.change(Dotfile(path="a", permission="600", data=b""))
    with pytest.raises(ConflictError, match="already"):
        kept.add(Dotfile(path="a", permission="644", data=b""))
    with pytest.raises(NotFoundError, match="there is no dotfile 'b'"):
        kept.change(Dotfile(path="b", permission="644", data=b""))


def test_a_session_begins_with_them(bai: Bai) -> None:
    text = "alias ll='ls -l'\n\n# \\ $HOME \"ö\"\n"
    bai("dotfile", "create", ".bashrc", "--perm", "640", input=text).checked()
    (bai.run.directory / "run.sh").write_text("echo hello")
    bai("dotfile", "create", "bin/hello", "-f", "run.sh").checked()
    assert bai("dotfile", "create", ".bashrc", input="x").exit_code == 2
    assert bai("dotfile", "get", ".bashrc").checked().out == text
    bai("start", "-t", "dotty", "python").checked()
    code = "import os; print(repr(open('.bashrc').read()), oct(os.stat('.bashrc').st_mode)[-3:])"
    ran = bai("run", "-t", "dotty", "-c", code + "\nos.system('bin/hello')", "python").checked()
    assert ran.out == f"{text!r} 640\nhello\n"
    bai("rm", "dotty").checked()


def test_dotfiles_are_changed_and_forgotten(bai: Bai) -> None:
    bai("dotfile", "create", ".vimrc", "--perm", "600", input="one").checked()
    bai("dotfile", "update", ".vimrc", input="two").checked()
    bai("dotfile", "create", ".vimrc", "-g", "default", input="group's").checked()
    listed = json.loads(bai("--output", "json", "dotfile", "list").checked().out)
    assert listed["items"] == [{"path": ".vimrc", "data": "two", "permission": "600"}]
    assert bai("dotfile", "get", ".vimrc", "-g", "default").checked().out == "group's"
    bai("dotfile", "delete", ".vimrc").checked()
    assert bai("dotfile", "delete", ".vimrc", "-f").exit_code == 4
    assert "no dotfiles" in bai("dotfile", "list").checked().out
