"""Who owns what is made outside: an id of this state directory, carried by every resource."""

from __future__ import annotations

import os
from pathlib import Path

from outrig.errors import ConfigError
from outrig.ids import new_id

OWNER_TAG = "outrig-owner"
SESSION_TAG = "outrig-session"
NAME_TAG = "outrig-name"


def owner_id(directory: str) -> str:
    """Return the id of a state directory, made on first use; two processes get the same one.

    Raises `ConfigError`.
    """
    path = Path(directory) / "owner"
    try:
        if not path.exists():
            _make(path)
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as err:
        raise ConfigError(f"{path} cannot be used: {err}") from err


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f"owner.{os.getpid()}.{new_id()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{new_id().lower()}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(aside)  # the first wins, and is never seen half written
    except FileExistsError:
        return
    finally:
        aside.unlink()
