"""What commands on folders share."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import Command, TerminalObserver, argument, option
from outrig.errors import UsageError
from outrig_backendai.slots import format_size, parse_size

if TYPE_CHECKING:
    from outrig_backendai.directory.folders import Permission, UsageMode
    from outrig_backendai.folders.cabinet import Cabinet
    from outrig_backendai.folders.transfer import Transfer

NAME = argument("name", "the folder, by name or id")
HOST_NAME = "local"
BASE_DIR = option("base-dir", "b", "the directory here (default: the one you are in)", value="DIR")
CHUNK_SIZE = option(
    "chunk-size", None, "how much to copy at a time", value="SIZE", type=parse_size, default="16m"
)
PROXY = option(
    "override-storage-proxy",
    None,
    "checked, and not needed: no proxy stands before a folder",
    value="X1=Y1,X2=Y2",
)
PERMISSION = option(
    "permission",
    "p",
    "what may be done with it: ro, rw, or wd to delete it too",
    value="PERMISSION",
    choices=("ro", "rw", "wd"),
    default="rw",
)
USAGE_MODE = option(
    "usage-mode",
    "m",
    "what it is for",
    value="USAGE_MODE",
    choices=("general", "data", "model"),
    default="general",
)
_MOST_PIECE_BYTES = 256 << 20
_PROXIES = re.compile(r"[^=,]+=[^=,]+(,[^=,]+=[^=,]+)*")


class FolderCommand(Command):
    """Does something with folders or their files."""

    @cached_property
    def cabinet(self) -> Cabinet:
        """The caller's folders."""
        from outrig_backendai.compute.sessions import Compute
        from outrig_backendai.folders.cabinet import Cabinet

        compute = Compute(self.outrig)
        return Cabinet(compute.directory, compute.caller)

    @property
    def name_given(self) -> str:
        """The folder's name."""
        return self.word("name") or ""

    def permission(self, name: str = "permission") -> Permission:
        """Return what an option allows."""
        from outrig_backendai.directory.folders import Permission

        return Permission(self.text(name))

    def usage_mode(self) -> UsageMode:
        """Return what a folder is to be for."""
        from outrig_backendai.directory.folders import UsageMode

        return UsageMode(self.text("usage-mode"))

    def base(self) -> Path:
        """Return the directory on this computer that paths count from."""
        base = Path(self.text("base-dir") or ".").expanduser()
        if base.exists() and not base.is_dir():
            raise UsageError(f"{base} is no directory")
        return base

    def transfer(self) -> Transfer:
        """Return how files are to be copied; raises `UsageError`."""
        from outrig_backendai.folders.transfer import Transfer

        self.outrig.watch(TerminalObserver(self))
        has = self.definition.has_option
        proxy = self.text("override-storage-proxy") if has("override-storage-proxy") else None
        if proxy is not None and not _PROXIES.fullmatch(proxy):
            raise UsageError(f'--override-storage-proxy "{proxy}" is not X1=Y1,X2=Y2')
        piece = parse_size(str(self.option("chunk-size"))) if has("chunk-size") else 4 << 20
        if not 1 <= piece <= _MOST_PIECE_BYTES:
            raise UsageError("--chunk-size is out of range", hint="take 1 byte to 256 MiB")
        retries = self.value("max-retries", int) or 0 if has("max-retries") else 0
        return Transfer(cancel=self.outrig.cancel, piece_bytes=piece, retries=retries)

    def say_copied(self, transfer: Transfer) -> None:
        """Say on standard error what came of it."""
        for path in transfer.left_out:
            self.warn(f"left out, as it is no file: {path}")
        noun = "file" if transfer.files == 1 else "files"
        unit = " bytes" if transfer.size_bytes < 1024 else "iB"
        unit = " byte" if transfer.size_bytes == 1 else unit
        self.note(f"Done: {transfer.files} {noun}, {format_size(transfer.size_bytes)}{unit}.")
