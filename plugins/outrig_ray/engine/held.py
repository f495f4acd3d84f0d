"""What this computer keeps of a session whose runs are jobs: its package, and what waits here.

All of it can be made anew by a sync, but for runs that have not been handed to Ray yet.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from outrig.api import cache_dir
from outrig.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Waiting(msgspec.Struct):
    """A batch: jobs (as Ray is asked for them) that are not handed over, and the ids of those
    that are and had not ended when last seen."""

    cap: int
    jobs: list[dict[str, Any]]
    open: list[str]


class Held(msgspec.Struct):
    """What is known of a session. `generation` counts its syncs."""

    package: str = ""
    generation: int = 0
    clean: bool = False
    waiting: dict[str, Waiting] = {}
    cancelled: list[str] = []
    environments: dict[str, dict[str, Any]] = {}


class Shelf:
    """The records of sessions, each in a directory of its own."""

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self.directory = Path(cache_dir()) / "ray" / session_id

    @property
    def package_file(self) -> Path:
        """Where the bytes of the session's package are."""
        return self.directory / "package.zip"

    def read(self) -> Held:
        """Return what is known; raises `NotFoundError` for a session that is not here."""
        try:
            return msgspec.json.decode((self.directory / "held.json").read_bytes(), type=Held)
        except (OSError, msgspec.DecodeError):
            raise NotFoundError(
                f"nothing is known here of the files of session {self.session_id} on Ray",
                hint="put them there again: outrig session sync",
            ) from None

    @contextmanager
    def change(self, *, new: bool = False) -> Iterator[Held]:
        """Give what is known, to be changed while no other process does; `new` may make it."""
        if new:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            lock = (self.directory / "lock").open("w")
        except OSError:
            self.read()
            raise
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = (self.directory / "held.json").exists()
            held = self.read() if known or not new else Held()
            yield held
            aside = self.directory / "held.json.new"
            aside.write_bytes(msgspec.json.encode(held))
            aside.replace(self.directory / "held.json")

    def remove(self) -> None:
        """Forget the session."""
        shutil.rmtree(self.directory, ignore_errors=True)


def spec_text(spec: dict[str, object]) -> str:
    """Return what the program on the node is told, as one word of a command line."""
    import base64

    return base64.b64encode(json.dumps(spec).encode()).decode()
