"""`bai vfolder clone`"""

from __future__ import annotations

from outrig.api import argument, interruptible
from outrig_backendai.commands.foldering import (
    HOST_NAME,
    NAME,
    PERMISSION,
    USAGE_MODE,
    FolderCommand,
)


class BaiVfolderClone(FolderCommand):
    """Copy a folder."""

    summary = "Make a folder of one's own that holds what another does"
    details = "A folder that is not yours can be cloned when its owner allows it."
    examples = (("bai vfolder clone data mine", "on this computer"),)
    arguments = (
        NAME,
        argument("target-name", "what the new one is called"),
        argument("target-host", "where its files are kept", default=HOST_NAME),
    )
    options = (USAGE_MODE, PERMISSION)

    def handle(self) -> int:
        """Copy it."""
        from outrig_backendai.folders.cabinet import NewFolder

        wanted = NewFolder(
            name=self.word("target-name") or "",
            host=self.word("target-host"),
            usage_mode=self.usage_mode(),
            permission=self.permission(),
        )
        with interruptible(self.outrig):
            made = self.cabinet.clone(self.name_given, wanted)
        self.line(f'Virtual folder "{made.name}" is created.')
        return 0
