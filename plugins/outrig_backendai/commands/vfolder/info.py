"""`bai vfolder info`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig_backendai.commands.foldering import NAME, FolderCommand
from outrig_backendai.listing.field import Field
from outrig_backendai.listing.folders import FIELDS
from outrig_backendai.listing.printing import print_record
from outrig_backendai.slots import format_size

if TYPE_CHECKING:
    from outrig_backendai.directory.folders import Folder


class BaiVfolderInfo(FolderCommand):
    """Show everything about a folder."""

    summary = "Everything about one folder: whose it is, how much it holds, who shares it"
    examples = (("bai vfolder info data", "one folder"),)
    arguments = (NAME,)

    def handle(self) -> int:
        """Print it."""
        folder = self.cabinet.find(self.name_given)
        files, size_bytes = self.cabinet.sizes(folder)
        shared = self.cabinet.shares.shared_with(folder) if folder.owned else []
        with_whom = {email: one.value for email, one in shared}
        more: tuple[Field[Folder], ...] = (
            Field("num_files", "Files", lambda _: files),
            Field(
                "used_bytes", "Used", lambda _: size_bytes, (), lambda _: format_size(size_bytes)
            ),
            Field("shared_with", "Shared With", lambda _: with_whom),
        )
        print_record(self, folder, (*FIELDS, *more))
        return 0
