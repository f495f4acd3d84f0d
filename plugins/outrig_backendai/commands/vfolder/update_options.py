"""`bai vfolder update-options`"""

from __future__ import annotations

from dataclasses import replace

from outrig.api import option
from outrig.errors import UsageError
from outrig_backendai.commands.foldering import NAME, FolderCommand
from outrig_backendai.slots import parse_size

_TRUE = ("1", "true", "t", "yes", "y", "on")
_FALSE = ("0", "false", "f", "no", "n", "off")


class BaiVfolderUpdateOptions(FolderCommand):
    """Change what may be done with a folder."""

    summary = "Change what may be done with a folder"
    details = "A folder that is ro is so for everybody, its owner too, in sessions as well."
    examples = (
        ("bai vfolder update-options -p ro data", "nobody writes it"),
        ("bai vfolder update-options --quota 10g data", "uploads bring it to 10 GiB at most"),
    )
    arguments = (NAME,)
    options = (
        option("permission", "p", "ro, rw or wd", value="PERMISSION", choices=("ro", "rw", "wd")),
        option("set-cloneable", None, "whether others may clone it", value="BOOLEXPR"),
        option("quota", "q", "a new quota (0: no end)", value="QUOTA", type=parse_size),
    )

    def handle(self) -> int:
        """Change it."""
        folder = self.cabinet.owned(self.name_given)
        given = [one for one in ("permission", "set-cloneable", "quota") if self.was_given(one)]
        if not given:
            raise UsageError("Permission or clone-ability should be specified to update")
        if "permission" in given:
            folder = replace(folder, permission=self.permission())
        if "set-cloneable" in given:
            folder = replace(folder, cloneable=_boolean(self.text("set-cloneable") or ""))
        if "quota" in given:
            folder = replace(folder, quota_bytes=int(self.option("quota")))
        self.cabinet.records.change(folder)
        self.note("Updated.")
        return 0


def _boolean(text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise UsageError(f'--set-cloneable "{text}" is neither true nor false')
    return text.lower() in _TRUE
