"""`bai vfolder list-allowed-types`"""

from __future__ import annotations

import json

from outrig_backendai.commands.foldering import FolderCommand

_TYPES = ("user", "group")


class BaiVfolderListAllowedTypes(FolderCommand):
    """List whose folders can be."""

    summary = "List whose folders can be: a user's or a group's"
    examples = (("bai vfolder list-allowed-types", "user, group"),)

    def handle(self) -> int:
        """Print them."""
        self.line(json.dumps(_TYPES) if self.output == "json" else ", ".join(_TYPES))
        return 0
