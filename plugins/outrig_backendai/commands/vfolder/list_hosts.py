"""`bai vfolder list-hosts`"""

from __future__ import annotations

import json

from outrig_backendai.commands.foldering import FolderCommand
from outrig_backendai.folders.hosts import LOCAL, host_names


class BaiVfolderListHosts(FolderCommand):
    """List where folders can be kept."""

    summary = "List where folders can be kept"
    details = "Every store that has a name is one: `outrig store add NAME URL`."
    examples = (("bai vfolder list-hosts", "local, and others that are set up"),)

    def handle(self) -> int:
        """Print them."""
        names = host_names()
        if self.output == "json":
            self.write(json.dumps({"default": LOCAL, "allowed": names}, indent=2) + "\n")
            return 0
        self.line(f"Default vfolder host: {LOCAL}")
        self.line(f"Usable hosts: {', '.join(names)}")
        return 0
