"""`bai vfolder request-download`"""

from __future__ import annotations

from outrig.api import argument
from outrig.errors import UsageError
from outrig_backendai.commands.foldering import NAME, FolderCommand
from outrig_backendai.folders.storage import inside


class BaiVfolderRequestDownload(FolderCommand):
    """Print a URL that a file can be fetched from."""

    summary = "Print a URL that a file of a folder can be fetched from"
    details = (
        "Where the folder's host can sign URLs, as object stores do, anybody can use it for an "
        "hour; a folder on this computer has file:// URLs."
    )
    examples = (('curl -O "$(outrig bai vfolder request-download data a.csv)"', "fetch it"),)
    arguments = (NAME, argument("filename", "a file in the folder"))

    def handle(self) -> int:
        """Print it."""
        storage = self.cabinet.storage(self.cabinet.find(self.name_given))
        path = inside(self.word("filename") or "")
        if storage.existing(path).is_directory:
            raise UsageError(f"{path!r} is a directory")
        self.line(storage.address(path))
        return 0
