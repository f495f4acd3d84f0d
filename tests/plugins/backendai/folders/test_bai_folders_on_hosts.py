"""Folders and dotfiles in sessions on hosts that are reached by SSH."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plugins.ssh.conftest import host, isolated, lab, lab_of_all  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.testing.machines import Machine
    from outrig_backendai.folders.cabinet import Cabinet
    from tests.plugins.backendai.conftest import Bai

CODE = """
import os
text = open("data/deep/a").read()
open("data/new ö", "w").write(text + oct(os.stat(".vimrc").st_mode)[-3:])
print(os.stat(".ssh").st_mode & 0o77, os.stat(".ssh/key").st_mode & 0o77, os.listdir("empty"))
"""


def test_a_folder_comes_to_a_host_and_what_changed_comes_back(
    bai: Bai,
    isolated: object,  # noqa: F811 - the fixture
    host: Machine,  # noqa: F811 - the fixture
    fill: Callable[..., Cabinet],
) -> None:
    bai.run("provider", "add", "ssh", host.name).checked()
    fill(".ssh", key="secret")
    fill("empty")
    mine = fill("data", deep__a="1 ")
    bai("dotfile", "create", ".vimrc", "--perm", "604", input="x").checked()
    words = ("-t", "afar", "--scaling-group", "ssh", "-m", "data", "-m", "empty")
    ran = bai("run", "-q", *words, "-c", CODE, "python").checked()
    assert ran.out == "0 0 []\n"
    bai("rm", "afar").checked()
    assert b"".join(mine.storage(mine.find("data")).read("new ö")) == b"1 604"
