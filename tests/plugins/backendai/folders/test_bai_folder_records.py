"""Folders: whose they are, who may do what, and the trash."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from outrig.errors import AuthError, ConflictError, NotFoundError, UsageError
from outrig_backendai.directory.folders import Permission
from outrig_backendai.folders.cabinet import NewFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig_backendai.folders.cabinet import Cabinet

ANN = "ann@example.org"


def names(cabinet: Cabinet) -> list[str]:
    """Return the names of all folders that are seen."""
    return [one.name for one in cabinet.records.select()]


@pytest.mark.parametrize("name", ["", "a/b", "..", ".", "a\n", "-x", "x" * 65, "a.", "ä", "a b"])
def test_what_is_no_name_is_refused(mine: Cabinet, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a folder's name"):
        mine.create(NewFolder(name=name))
    assert names(mine) == []


def test_a_name_is_taken_once(mine: Cabinet, anns: Cabinet) -> None:
    mine.create(NewFolder(name="data"))
    anns.create(NewFolder(name="data"))
    with pytest.raises(ConflictError, match="there is a folder 'data' already"):
        mine.create(NewFolder(name="data"))
    assert (names(mine), names(anns)) == (["data"], ["data"])


def test_nobody_sees_folders_of_others(fill: Callable[..., Cabinet], anns: Cabinet) -> None:
    mine = fill("data", a="1")
    folder = mine.find("data")
    for reference in ("data", folder.id):
        with pytest.raises(NotFoundError, match="there is no folder"):
            anns.find(reference)
    assert names(anns) == []


def test_an_invitation_is_accepted_and_ended(fill: Callable[..., Cabinet], anns: Cabinet) -> None:
    mine = fill("data", a="1")
    assert mine.shares.invite(mine.find("data"), [ANN], Permission.READ) == [ANN]
    (invitation,) = anns.shares.received()
    assert (names(anns), invitation.folder_name) == ([], "data")
    anns.shares.accept(invitation)
    assert b"".join(anns.storage(anns.find("data")).read("a")) == b"1"
    with pytest.raises(AuthError, match=r"'data' is ro for ann@example\.org"):
        anns.find("data", Permission.WRITE)
    with pytest.raises(AuthError, match="@localhost's"):
        anns.owned("data")
    anns.shares.leave(anns.find("data"))
    assert (names(anns), anns.shares.received()) == ([], [])


def test_an_invitation_that_was_taken_back_is_no_key(mine: Cabinet, anns: Cabinet) -> None:
    folder = mine.create(NewFolder(name="data"))
    mine.shares.invite(folder, [ANN], Permission.WRITE)
    (invitation,) = anns.shares.received()
    mine.shares.forget(mine.shares.sent()[0])
    with pytest.raises(NotFoundError, match="was taken back"):
        anns.shares.accept(invitation)
    assert names(anns) == []


def test_who_is_invited_has_to_be_somebody_else(mine: Cabinet, anns: Cabinet) -> None:
    folder = mine.create(NewFolder(name="data"))
    with pytest.raises(NotFoundError, match=r"there is no user 'bob@example\.org'"):
        mine.shares.invite(folder, ["bob@example.org"], Permission.WRITE)
    with pytest.raises(UsageError, match="cannot invite yourself"):
        mine.shares.invite(folder, [mine.caller.user_email], Permission.WRITE)
    mine.shares.share(folder, [ANN], Permission.WRITE)
    with pytest.raises(ConflictError, match="shared with them already"):
        mine.shares.invite(folder, [ANN], Permission.WRITE)
    assert names(anns) == ["data"]


def test_a_folder_that_is_read_only_is_so_for_all(mine: Cabinet, anns: Cabinet) -> None:
    folder = mine.create(NewFolder(name="data"))
    mine.shares.share(folder, [ANN], Permission.DELETE)
    assert anns.find("data").granted is Permission.DELETE
    mine.records.change(replace(folder, permission=Permission.READ))
    assert (mine.find("data").granted, anns.find("data").granted) == (Permission.READ,) * 2
    mine.shares.unshare(folder, [ANN])
    with pytest.raises(NotFoundError, match="shared with none of"):
        mine.shares.unshare(folder, [ANN])


def test_who_may_delete_puts_it_into_the_trash(mine: Cabinet, anns: Cabinet) -> None:
    folder = mine.create(NewFolder(name="data"))
    mine.shares.share(folder, [ANN], Permission.WRITE)
    with pytest.raises(AuthError):
        anns.trash("data")
    mine.shares.share(folder, [ANN], Permission.DELETE)
    anns.trash("data")
    with pytest.raises(NotFoundError) as missing:
        mine.find("data")
    assert missing.value.hint == "it is in the trash: outrig bai vfolder restore data"
    assert mine.restore("data").trashed_at is None


def test_a_name_is_free_while_a_folder_is_in_the_trash(fill: Callable[..., Cabinet]) -> None:
    mine = fill("data", a="1")
    old = mine.trash("data")
    mine.create(NewFolder(name="data"))
    with pytest.raises(ConflictError, match="already"):
        mine.restore("data")
    place = mine.storage(old).local
    assert place is not None
    assert (place / "a").is_file()
    mine.purge(old.id)
    assert (place.exists(), names(mine)) == (False, ["data"])


def test_a_groups_folder_is_for_its_members(mine: Cabinet, anns: Cabinet) -> None:
    mine.create(NewFolder(name="team", group="default", permission=Permission.READ))
    assert anns.find("team").granted is Permission.READ
    with anns.directory.write() as rows:
        rows.execute("DELETE FROM membership WHERE user_id = ?", (anns.caller.user_id,))
    assert names(anns) == []
    with pytest.raises(AuthError, match="not a member"):
        anns.create(NewFolder(name="other", group="default"))


def test_a_clone_needs_to_be_allowed(fill: Callable[..., Cabinet], anns: Cabinet) -> None:
    mine = fill("data", a="1", b__c="2")
    folder = mine.find("data")
    mine.shares.share(folder, [ANN], Permission.READ)
    with pytest.raises(AuthError, match="not to be cloned"):
        anns.clone("data", NewFolder(name="copy"))
    mine.records.change(replace(folder, cloneable=True))
    copy = anns.clone("data", NewFolder(name="copy"))
    files = {one.path for one in anns.storage(copy).walk()}
    assert (files, names(anns)) == ({"a", "b", "b/c"}, ["copy", "data"])


def test_a_directory_of_ones_own_stays(mine: Cabinet, anns: Cabinet, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/a").write_text("1")
    wanted = NewFolder(name="corpus", host=str(tmp_path / "corpus"), unmanaged=True)
    mine.create(wanted)
    assert mine.sizes(mine.find("corpus")) == (1, 1)
    mine.purge(mine.trash("corpus").id)
    assert (tmp_path / "corpus/a").read_text() == "1"
    with pytest.raises(AuthError, match="only administrators"):
        anns.create(wanted)
    with pytest.raises(NotFoundError, match="there is no directory"):
        mine.create(replace(wanted, host=str(tmp_path / "absent")))


def test_an_unknown_host_is_named(mine: Cabinet) -> None:
    with pytest.raises(NotFoundError, match=r"no folder host 'nfs' \(there are: local\)"):
        mine.create(NewFolder(name="data", host="nfs"))
    assert names(mine) == []
