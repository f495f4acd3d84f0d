"""What a command left behind."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a program ended: its exit code (128+n after signal n) and both of its outputs."""

    argv: tuple[str, ...]
    exit_code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of standard output."""
        return self.out.splitlines()

    def json(self) -> object:
        """Return standard output read as JSON."""
        document: object = json.loads(self.out)
        return document

    def records(self) -> list[dict[str, object]]:
        """Return standard output read as the JSON of a listing."""
        document = self.json()
        assert isinstance(document, list), str(self)
        return [{str(key): value for key, value in one.items()} for one in document]

    def checked(self) -> Result:
        """Return this result when the exit code is 0; else fail, showing both outputs."""
        assert self.exit_code == 0, str(self)
        return self

    def __str__(self) -> str:
        """Show all of it, for the message of a failed assertion."""
        command = " ".join(self.argv)
        return f"$ {command}\n{self.out}{self.err}exit code {self.exit_code}"
