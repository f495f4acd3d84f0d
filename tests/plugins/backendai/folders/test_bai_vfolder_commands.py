"""The commands on folders, as users type them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.plugins.backendai.folders.conftest import add_user

if TYPE_CHECKING:
    import pytest

    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai

ODD = "näme ' \" \\ of\ta file"


def test_keys_for_every_session_as_the_guide_says(bai: Bai) -> None:
    (bai.run.directory / "authorized_keys").write_text("ssh-rsa AAAA me\n")
    made = bai("vfolder", "create", ".ssh").checked()
    bai("vfolder", "upload", ".ssh", "authorized_keys").checked()
    listed = bai("--output", "json", "vfolder", "list").checked()
    assert made.out == 'Virtual folder ".ssh" is created.\n'
    assert [one["name"] for one in json.loads(listed.out)["items"]] == [".ssh"]
    assert "authorized_keys" in bai("vfolder", "ls", ".ssh").checked().out


def test_of_two_at_once_one_makes_the_folder(bai: Bai, compute: Compute) -> None:
    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(bai, "vfolder", "create", "data") for _ in range(4)]
        codes = sorted(task.result().exit_code for task in tasks)
    assert codes == [0, 2, 2, 2]
    places = Path(compute.directory.state_directory, "backendai-folders").iterdir()
    assert len(list(places)) == 1


def test_uploads_of_one_file_at_once_leave_one_of_them(bai: Bai) -> None:
    contents = [bytes([number]) * 3_000_000 for number in range(4)]
    for number, content in enumerate(contents):
        (bai.run.directory / str(number)).mkdir()
        (bai.run.directory / str(number) / "a").write_bytes(content)
    bai("vfolder", "create", "data").checked()
    with ThreadPoolExecutor(4) as pool:
        words = ("vfolder", "upload", "data", "a", "-b")
        for task in [pool.submit(bai, *words, str(number)) for number in range(4)]:
            task.result().checked()
    bai("vfolder", "download", "-b", "got", "data").checked()
    assert [one.name for one in (bai.run.directory / "got").iterdir()] == ["a"]
    assert (bai.run.directory / "got/a").read_bytes() in contents


def test_files_come_back_as_they_went(bai: Bai) -> None:
    here = bai.run.directory
    (here / "d/e").mkdir(parents=True)
    (here / "d/e" / ODD).write_bytes(bytes(range(256)) * 5000)
    (here / "d/run.sh").write_text("echo")
    (here / "d/run.sh").chmod(0o755)
    bai("vfolder", "create", "data").checked()
    refused = bai("vfolder", "upload", "data", "d")
    assert (refused.exit_code, "hint: add -r" in refused.err) == (2, True)
    done = bai("vfolder", "upload", "-r", "data", "d", "--chunk-size", "64k").checked()
    assert done.err == "Done: 2 files, 1.2MiB.\n"
    bai("vfolder", "download", "-b", "out", "data", "--max-retries", "3").checked()
    assert (here / "out/d/e" / ODD).read_bytes() == (here / "d/e" / ODD).read_bytes()
    assert (here / "out/d/run.sh").stat().st_mode & 0o100
    bai("vfolder", "cp", "data:d/run.sh", "again.sh").checked()
    bai("vfolder", "cp", "again.sh", "data:d/").checked()
    assert "again.sh" in bai("vfolder", "ls", "data", "d").checked().out
    url = bai("vfolder", "request-download", "data", "d/run.sh").checked().out
    assert url.startswith("file:///")
    info = json.loads(bai("--output", "json", "vfolder", "info", "data").checked().out)
    assert (info["num_files"], info["used_bytes"]) == (3, 5000 * 256 + 8)


def test_files_are_moved_and_removed(bai: Bai) -> None:
    (bai.run.directory / "a").write_text("1")
    bai("vfolder", "create", "data", "local").checked()
    bai("vfolder", "upload", "data", "a").checked()
    assert bai("vfolder", "mkdir", "data", "x/y").exit_code == 4
    bai("vfolder", "mkdir", "-p", "data", "x/y").checked()
    assert bai("vfolder", "mkdir", "data", "x/y").exit_code == 2
    bai("vfolder", "mkdir", "-e", "data", "x/y").checked()
    bai("vfolder", "mv", "data", "a", "x/y").checked()
    bai("vfolder", "rename-file", "data", "x/y/a", "b").checked()
    assert bai("vfolder", "rename-file", "data", "x/y/b", "../b").exit_code == 2
    assert bai("vfolder", "rm", "data", "x").exit_code == 2
    assert bai("vfolder", "rm", "data", "../x").exit_code == 2
    bai("vfolder", "rm", "-r", "data", "x").checked()
    assert bai("vfolder", "ls", "data").checked().out == "It is empty.\n"


def test_a_quota_and_permissions_hold(bai: Bai) -> None:
    (bai.run.directory / "big").write_bytes(b"x" * 3000)
    bai("vfolder", "create", "-q", "2k", "-m", "data", "data").checked()
    refused = bai("vfolder", "upload", "data", "big")
    assert (refused.exit_code, "may hold 2.0K, and would hold 2.9K" in refused.err) == (6, True)
    assert bai("vfolder", "update-options", "data").exit_code == 2
    bai("vfolder", "update-options", "data", "--quota", "4k", "--set-cloneable", "yes").checked()
    bai("vfolder", "upload", "data", "big").checked()
    bai("vfolder", "clone", "data", "copy", "local").checked()
    bai("vfolder", "update-options", "-p", "ro", "data").checked()
    assert bai("vfolder", "rm", "data", "big").exit_code == 5
    assert "big" in bai("vfolder", "ls", "copy").checked().out


def test_a_folder_goes_to_the_trash_and_comes_back(bai: Bai) -> None:
    bai("vfolder", "create", "data").checked()
    bai("vfolder", "rename", "data", "other").checked()
    bai("vfolder", "delete", "other").checked()
    assert "no virtual folders" in bai("vfolder", "list").checked().out
    assert "other" in bai("vfolder", "list", "--trash").checked().out
    bai("vfolder", "restore", "other").checked()
    bai("vfolder", "trash", "other").checked()
    bai("vfolder", "purge", "other").checked()
    assert bai("vfolder", "info", "other").exit_code == 4


def test_users_share_what_they_want_to(
    bai: Bai, compute: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = add_user(compute.directory, "ann@example.org")
    bai("vfolder", "create", "data").checked()
    bai("vfolder", "create", "more").checked()
    bai("vfolder", "invite", "-p", "ro", "data", "ann@example.org").checked()
    bai("vfolder", "share", "more", "ann@example.org").checked()
    sent = bai("vfolder", "invitations", "--sent").checked()
    assert "ann@example.org" in sent.out
    monkeypatch.setenv("BACKEND_ACCESS_KEY", ann)
    assert "data" in bai("vfolder", "invitations").checked().out
    bai("vfolder", "invitations", "--accept", "1").checked()
    listed = json.loads(bai("--output", "json", "vfolder", "list").checked().out)
    seen = [(one["name"], one["permission"], one["is_owner"]) for one in listed["items"]]
    assert seen == [("data", "ro", False), ("more", "rw", False)]
    bai("vfolder", "leave", "data").checked()
    monkeypatch.delenv("BACKEND_ACCESS_KEY")
    bai("vfolder", "unshare", "more", "ann@example.org").checked()
    monkeypatch.setenv("BACKEND_ACCESS_KEY", ann)
    assert "no virtual folders" in bai("vfolder", "list", "--list-all").checked().out


def test_folders_may_be_at_stores_that_have_names(bai: Bai, tmp_path: Path) -> None:
    (bai.run.directory / "a").write_text("1")
    bai.run("store", "add", "disk", f"file://{tmp_path}/disk").checked()
    bai.run("store", "add", "far", f"local://{tmp_path}/far").checked()
    hosts = bai("vfolder", "list-hosts").checked().out
    assert hosts == "Default vfolder host: local\nUsable hosts: local, disk, far\n"
    assert bai("vfolder", "list-allowed-types").checked().out == "user, group\n"
    for host in ("disk", "far"):
        bai("vfolder", "create", f"at-{host}", host).checked()
        bai("vfolder", "upload", f"at-{host}", "a").checked()
        assert len(list((tmp_path / host).glob("outrig-folders/*/a"))) == 1
    bai.run("store", "remove", "far", "--yes").checked()
    gone = bai("vfolder", "ls", "at-far")
    assert (gone.exit_code, "not set up any more" in gone.err) == (3, True)
