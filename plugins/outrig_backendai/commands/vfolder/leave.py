"""`bai vfolder leave`"""

from __future__ import annotations

from outrig.api import option
from outrig.errors import AuthError
from outrig_backendai.commands.foldering import NAME, FolderCommand


class BaiVfolderLeave(FolderCommand):
    """Stop sharing somebody's folder."""

    summary = "Stop sharing somebody else's folder"
    examples = (("bai vfolder leave data", "it is not in your list then"),)
    arguments = (NAME,)
    options = (
        option(
            "shared-user-uuid",
            "s",
            "whom to take it from, for its owner and administrators",
            value="SHARED_USER_UUID",
        ),
    )

    def handle(self) -> int:
        """Leave it."""
        cabinet = self.cabinet
        folder, user = cabinet.find(self.name_given), self.text("shared-user-uuid")
        if user is not None and not (folder.owned or cabinet.caller.is_superadmin):
            raise AuthError("only its owner and administrators take a folder from others")
        cabinet.shares.leave(folder, user)
        self.note(f"Left {folder.name}.")
        return 0
