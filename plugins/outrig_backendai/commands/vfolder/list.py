"""`bai vfolder list`"""

from __future__ import annotations

from outrig.api import option
from outrig_backendai.commands.foldering import FolderCommand
from outrig_backendai.commands.list_options import PAGED
from outrig_backendai.listing.filtering import matching, ordered
from outrig_backendai.listing.folders import FIELDS, SHOWN
from outrig_backendai.listing.page import cut
from outrig_backendai.listing.printing import print_page


class BaiVfolderList(FolderCommand):
    """List folders."""

    summary = "List folders: own ones, those of groups, and what others share"
    examples = (
        ("bai vfolder list", "those that you may use"),
        ("bai vfolder list --trash", "those in the trash"),
    )
    options = (
        option("list-all", "a", "those of all users, for administrators"),
        option("group", "g", "those of one group", value="GROUP"),
        option("trash", None, "those in the trash"),
        *PAGED,
    )

    def handle(self) -> int:
        """Print them."""
        cabinet = self.cabinet
        everyone = self.flag("list-all") and cabinet.caller.is_superadmin
        group = self.text("group")
        found = [
            one
            for one in cabinet.records.select(everyone=everyone, trashed=self.flag("trash"))
            if group is None or one.group == group
        ]
        found = ordered(matching(found, self.text("filter"), FIELDS), self.text("order"), FIELDS)
        page = cut(found, self.value("offset", int) or 0, self.value("limit", int))
        fields = FIELDS if self.output == "json" else SHOWN
        print_page(self, page, fields, empty="There is no virtual folders created yet.")
        return 0
