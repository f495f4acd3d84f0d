"""What a directory holds before anybody has changed it."""

from __future__ import annotations

import os
import string
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig.api import Database

DEFAULT = "default"
"""The name of the first domain, group, policy and scaling group."""
_KEY_LETTERS = string.ascii_uppercase + string.digits
_SECRET_LETTERS = string.ascii_letters + string.digits
UNLIMITED = 0
IDLE_TIMEOUT_S = 1800.0
MAX_CONTAINERS = 16


def new_access_key() -> str:
    """Return a new access key: 20 letters and digits."""
    return "AKIA" + _drawn(_KEY_LETTERS, 16)


def new_secret_key() -> str:
    """Return a new secret key: 40 letters and digits."""
    return _drawn(_SECRET_LETTERS, 40)


def _drawn(letters: str, count: int) -> str:
    import secrets  # takes time to import, and is needed once

    return "".join(secrets.choice(letters) for _ in range(count))


def begin(database: Database) -> None:
    """Record the domain, group, user, keypair, policy and scaling group of a new directory."""
    if database.read("SELECT 1 FROM keypair LIMIT 1"):
        return
    import uuid

    now = datetime.now(UTC).isoformat()
    user_id, group_id = str(uuid.uuid4()), str(uuid.uuid4())
    name = _login()
    with database.write() as rows:
        if rows.execute("SELECT 1 FROM keypair LIMIT 1").fetchone():
            return  # another process was first
        rows.execute("INSERT INTO domain VALUES (?, '', 1, ?)", (DEFAULT, now))
        rows.execute(
            "INSERT INTO user_group VALUES (?, ?, ?, '', 1, ?)", (group_id, DEFAULT, DEFAULT, now)
        )
        rows.execute(
            "INSERT INTO user VALUES (?, ?, ?, ?, 'superadmin', 1, ?)",
            (user_id, f"{name}@localhost", name, DEFAULT, now),
        )
        rows.execute("INSERT INTO membership VALUES (?, ?)", (group_id, user_id))
        rows.execute(
            "INSERT INTO policy VALUES (?, ?, ?, ?, '{}', 0, 0, '', ?)",
            (DEFAULT, UNLIMITED, MAX_CONTAINERS, IDLE_TIMEOUT_S, now),
        )
        rows.execute(
            "INSERT INTO keypair VALUES (?, ?, ?, ?, 1, 1, ?, NULL)",
            (new_access_key(), new_secret_key(), user_id, DEFAULT, now),
        )
        rows.execute("INSERT INTO scaling_group VALUES (?, '', 1, ?, 1)", (DEFAULT, now))
        rows.execute("INSERT INTO scaling_group_domain VALUES (?, ?)", (DEFAULT, DEFAULT))


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user{os.getuid()}"
