"""Users of one directory, and folders of theirs."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from outrig_backendai.directory.beginnings import new_access_key, new_secret_key
from outrig_backendai.directory.identity import caller_of
from outrig_backendai.folders.cabinet import Cabinet, NewFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.directory.database import Directory

NOW = "2026-11-21T00:00:00+00:00"


def add_user(directory: Directory, email: str) -> str:
    """Record an ordinary user in the default group; returns the access key."""
    user_id, access_key = str(uuid.uuid4()), new_access_key()
    (group,) = directory.rows("SELECT id FROM user_group")
    with directory.write() as rows:
        rows.execute(
            "INSERT INTO user (id, email, name, domain, role, is_active, created_at)"
            " VALUES (?, ?, ?, 'default', 'user', 1, ?)",
            (user_id, email, email, NOW),
        )
        rows.execute("INSERT INTO membership VALUES (?, ?)", (group[0], user_id))
        rows.execute(
            "INSERT INTO keypair (access_key, secret_key, user_id, policy, is_active, is_admin,"
            " created_at) VALUES (?, ?, ?, 'default', 1, 0, ?)",
            (access_key, new_secret_key(), user_id, "9999"),
        )
    return access_key


@pytest.fixture
def mine(compute: Compute) -> Cabinet:
    """The folders of the first user."""
    return Cabinet(compute.directory, compute.caller)


@pytest.fixture
def anns(compute: Compute) -> Cabinet:
    """The folders of another user: ann@example.org."""
    keypair = compute.directory.keypairs.get(add_user(compute.directory, "ann@example.org"))
    assert keypair is not None
    return Cabinet(compute.directory, caller_of(compute.directory, keypair, {}))


@pytest.fixture
def fill(mine: Cabinet) -> Callable[..., Cabinet]:
    """Make a folder of the first user that holds some files."""

    def made(name: str, **files: str) -> Cabinet:
        storage = mine.storage(mine.create(NewFolder(name=name)))
        for path, text in files.items():
            storage.write(path.replace("__", "/"), [text.encode()])
        return mine

    return made
