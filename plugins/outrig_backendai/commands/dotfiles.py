"""What commands on dotfiles and templates share: whose they are, and what is to be kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import Command, argument, option
from outrig.errors import ConfigError, UsageError
from outrig_backendai.commands.session_options import OWNER

if TYPE_CHECKING:
    from outrig_backendai.directory.dotfiles import Dotfiles

PATH = argument("path", "where it is put, below /home/work")
WHOSE = (
    OWNER,
    option("domain", "d", "a domain's", value="DOMAIN"),
    option("group", "g", "a group's", value="GROUP"),
)
PERM = option("perm", None, "its permissions, octal (755)", value="PERMISSION")
FILE = option("file", "f", "the file to keep (default: standard input)", value="FILE")
FORCE = option("force", "f", "do not ask")
_STDIN = 0


class DotfileCommand(Command):
    """Does something with the dotfiles of an owner."""

    def dotfiles(self) -> Dotfiles:
        """Return the dotfiles that the options name."""
        from outrig_backendai.compute.sessions import Compute
        from outrig_backendai.directory.dotfiles import Dotfiles, scope_of

        compute = Compute(self.outrig)
        scope = scope_of(
            compute.directory,
            compute.caller,
            owner=self.text("owner"),
            domain=self.text("domain"),
            group=self.text("group"),
        )
        return Dotfiles(compute.directory, scope)


def read_given(path: str | None, most_bytes: int) -> bytes:
    """Return what a file or standard input holds, exactly; raises `ConfigError`, `UsageError`."""
    if path is None or path == "-":
        with open(_STDIN, "rb", closefd=False) as source:
            data = source.read(most_bytes + 1)
    else:
        try:
            with Path(path).expanduser().open("rb") as source:
                data = source.read(most_bytes + 1)
        except OSError as err:
            raise ConfigError(f"--file {path}: {os.strerror(err.errno or 0)}") from err
    if len(data) > most_bytes:
        raise UsageError(f"what was given is more than {most_bytes >> 10} KiB")
    return data
