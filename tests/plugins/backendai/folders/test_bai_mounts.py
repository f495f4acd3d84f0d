"""Which folders a session has, where, and what of them comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from outrig.errors import AuthError, NotFoundError, UsageError
from outrig_backendai.directory.folders import Permission
from outrig_backendai.folders.bringing import bring_back
from outrig_backendai.folders.cabinet import NewFolder
from outrig_backendai.folders.mounting import made_ready, mounts_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.folders.cabinet import Cabinet
    from outrig_backendai.folders.mounting import Mount
    from tests.plugins.backendai.conftest import Bai

IMAGE = "python"


def mounts(cabinet: Cabinet, *texts: str) -> tuple[Mount, ...]:
    """Return the mounts that `-m` texts ask for."""
    return mounts_of(cabinet.directory, cabinet.caller, texts)


def text_of(cabinet: Cabinet, name: str, path: str) -> str:
    """Return what a file of a folder holds."""
    return b"".join(cabinet.storage(cabinet.find(name)).read(path)).decode()


@pytest.mark.parametrize(
    ("text", "inside", "read_only"),
    [
        ("data", "/home/work/data", False),
        ("data=in/put", "/home/work/in/put", False),
        ("data:/home/work/x", "/home/work/x", False),
        ("data,ro", "/home/work/data", True),
        ("data=x,readonly", "/home/work/x", True),
        ("type=bind,source=data,target=x,readonly", "/home/work/x", True),
        ("source=data,dst=/home/work/y,perm=ro", "/home/work/y", True),
    ],
)
def test_where_a_folder_goes(mine: Cabinet, text: str, inside: str, read_only: bool) -> None:
    mine.create(NewFolder(name="data"))
    (mount,) = mounts(mine, text)
    assert (mount.inside, mount.read_only) == (inside, read_only)
    assert mount.source == mine.storage(mine.find("data")).local


@pytest.mark.parametrize(
    "text",
    [
        "data=/etc",
        "data=..",
        "data=../other",
        "data=/home/work",
        "data=.bashrc",
        "data=.jupyter/x",
        "data,maybe",
        "=x",
        "",
        "type=volume,source=data,target=x",
    ],
)
def test_where_none_can_be(mine: Cabinet, text: str) -> None:
    mine.create(NewFolder(name="data"))
    with pytest.raises(UsageError):
        mounts(mine, text)


def test_two_are_not_at_one_place(mine: Cabinet) -> None:
    for name in ("one", "two"):
        mine.create(NewFolder(name=name))
    for texts in (("one=x", "two=x"), ("one=x", "two=x/y"), ("one=x/y", "two=x")):
        with pytest.raises(UsageError, match="cannot both be at"):
            mounts(mine, *texts)
    assert len(mounts(mine, "one=x", "two=xy", "one=x")) == 2


def test_own_dot_folders_are_in_every_session(mine: Cabinet, anns: Cabinet) -> None:
    mine.create(NewFolder(name=".ssh"))
    mine.create(NewFolder(name="other"))
    mine.shares.share(mine.find(".ssh"), ["ann@example.org"], Permission.WRITE)
    assert [one.inside for one in mounts(mine)] == ["/home/work/.ssh"]
    assert [one.inside for one in mounts(mine, ".ssh=keys")] == ["/home/work/keys"]
    assert mounts(anns) == ()


def test_a_mount_is_as_its_user_may(mine: Cabinet, anns: Cabinet) -> None:
    folder = mine.create(NewFolder(name="data"))
    with pytest.raises(NotFoundError):
        mounts(anns, "data")
    mine.shares.share(folder, ["ann@example.org"], Permission.READ)
    assert mounts(anns, "data")[0].read_only
    mine.records.change(replace(folder, permission=Permission.READ))
    assert mounts(mine, "data")[0].read_only


def test_keys_are_for_their_user_only(fill: Callable[..., Cabinet], tmp_path: Path) -> None:
    mine = fill(".ssh", authorized_keys="key", more__config="x")
    (mount,) = mounts(mine)
    assert mount.source is not None
    outside = tmp_path / "outside"
    outside.write_text("x")
    outside.chmod(0o644)
    made_ready([mount])
    modes = [(mount.source / one).stat().st_mode & 0o777 for one in ("authorized_keys", "more")]
    assert modes == [0o600, 0o700]
    (mount.source / "link").symlink_to(outside)
    made_ready([mount])
    assert outside.stat().st_mode & 0o777 == 0o644


def test_a_session_works_in_folders_of_this_computer(
    bai: Bai, fill: Callable[..., Cabinet]
) -> None:
    mine = fill("data", a="1")
    mine.create(NewFolder(name="fixed"))
    bai("start", "-t", "folders", "-m", "data=in", "-m", "fixed,ro", IMAGE).checked()
    code = "open('in/b', 'w').write(open('in/a').read() + '2')\nopen('fixed/no', 'w')"
    ran = bai("run", "-t", "folders", "-c", code, IMAGE)
    assert (ran.exit_code, "Read-only file system" in ran.err) == (1, True)
    assert text_of(mine, "data", "b") == "12"
    refused = bai("vfolder", "delete", "data")
    assert (refused.exit_code, "mounted in session 'folders'" in refused.err) == (2, True)
    bai("vfolder", "create", ".later").checked()
    bai("vfolder", "delete", ".later").checked()
    bai("rm", "folders").checked()
    bai("vfolder", "delete", "data").checked()


def test_a_folder_from_elsewhere_comes_and_goes(
    bai: Bai, compute: Compute, mine: Cabinet, tmp_path: Path
) -> None:
    bai.run("store", "add", "far", f"local://{tmp_path}/far").checked()
    for name in ("data", "fixed"):
        folder = mine.create(NewFolder(name=name, host="far"))
        mine.storage(folder).write("deep/ö '1'", [b"1"])
    bai("start", "-t", "faraway", "-m", "data=in", "-m", "fixed,ro", IMAGE).checked()
    code = """for one in ('in', 'fixed'):
        open(one + '/new', 'w').write(open(one + "/deep/ö '1'").read())"""
    bai("run", "-t", "faraway", "-c", code, IMAGE).checked()
    back = bai("vfolder", "bring-back", "faraway").checked()
    assert back.err == "data: 1 file\n"
    assert bring_back(compute, compute.find("faraway")) == {"data": 0}
    assert text_of(mine, "data", "new") == "1"
    bai("run", "-t", "faraway", "-c", "open('in/new', 'a').write('2')", IMAGE).checked()
    bai("restart", "faraway").checked()
    bai("rm", "faraway").checked()
    assert text_of(mine, "data", "new") == "12"
    assert mine.storage(mine.find("fixed")).look("new") is None
    assert compute.directory.rows("SELECT * FROM brought") == []


def test_the_environment_asks_for_folders_too(
    bai: Bai, compute: Compute, mine: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two", "three"):
        mine.create(NewFolder(name=name))
    monkeypatch.setenv("BACKEND_VFOLDER_MOUNTS", "one, two=x")
    bai("start", "--enqueue-only", "-t", "environ", "-m", "three", IMAGE).checked()
    assert compute.find("environ", live=False).mounts == ("three", "one", "two=x")


def test_who_may_not_have_a_folder_gets_no_session(bai: Bai) -> None:
    refused = bai("start", "-t", "folders", "-m", "absent", IMAGE)
    assert (refused.exit_code, "there is no folder 'absent'" in refused.err) == (4, True)
    refused = bai("start", "-t", "folders", "-m", "absent=/etc", IMAGE)
    assert refused.exit_code in (2, 4)


def test_others_dotfiles_need_an_administrator(anns: Cabinet) -> None:
    from outrig_backendai.directory.dotfiles import scope_of

    directory, ann = anns.directory, anns.caller
    owner = directory.keypairs.first().access_key
    for more in ({"owner": owner}, {"domain": "default"}, {"group": "default"}):
        with pytest.raises(AuthError, match="only administrators"):
            scope_of(directory, ann, **more)
    assert scope_of(directory, ann).owner == ann.access_key
