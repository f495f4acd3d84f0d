"""`bai vfolder ls`"""

from __future__ import annotations

from outrig.api import argument
from outrig_backendai.commands.foldering import NAME, FolderCommand
from outrig_backendai.folders.storage import inside
from outrig_backendai.listing.folders import FILE_FIELDS
from outrig_backendai.listing.page import Page
from outrig_backendai.listing.printing import print_page


class BaiVfolderLs(FolderCommand):
    """List files of a folder."""

    summary = "List what is in a folder"
    examples = (("bai vfolder ls data results", "one of its directories"),)
    arguments = (NAME, argument("path", "a path in the folder", default="."))

    def handle(self) -> int:
        """Print them."""
        storage = self.cabinet.storage(self.cabinet.find(self.name_given))
        found = storage.existing(inside(self.word("path") or "."))
        files = list(storage.children(found.path)) if found.is_directory else [found]
        print_page(self, Page(files, len(files)), FILE_FIELDS, empty="It is empty.")
        return 0
