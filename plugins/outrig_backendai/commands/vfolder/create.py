"""`bai vfolder create`"""

from __future__ import annotations

from outrig.api import argument, option
from outrig_backendai.commands.foldering import (
    HOST_NAME,
    PERMISSION,
    USAGE_MODE,
    FolderCommand,
)
from outrig_backendai.slots import parse_size


class BaiVfolderCreate(FolderCommand):
    """Make a folder."""

    summary = "Make a folder"
    details = (
        "Sessions that ask for it with -m have it at /home/work/NAME. A folder whose name begins "
        "with a dot is in every session.\n"
        "\n"
        "The host `local` is this computer; others are stores of Outrig's, made by `outrig store "
        "add NAME URL`: a directory, or what fsspec can open."
    )
    examples = (
        ("bai vfolder create data", "on this computer"),
        ("bai vfolder create .ssh", "in every session"),
        ("bai vfolder create models shared -m model", "at the store `shared`"),
        ("bai vfolder create corpus /srv/corpus --unmanaged", "a directory that is there"),
    )
    arguments = (
        argument("name", "what it is called"),
        argument("host", f"where its files are kept (default: {HOST_NAME})", required=False),
    )
    options = (
        option("group", "g", "the group whose it is to be", value="GROUP"),
        option("unmanaged", None, "HOST is a directory that is there, and stays"),
        USAGE_MODE,
        PERMISSION,
        option(
            "quota",
            "q",
            "how much uploads may bring it to (0: no end)",
            value="QUOTA",
            type=parse_size,
            default="0",
        ),
        option("cloneable", None, "others may clone it", also=("allow-clone",)),
    )

    def handle(self) -> int:
        """Make it."""
        from outrig_backendai.folders.cabinet import NewFolder

        folder = self.cabinet.create(
            NewFolder(
                name=self.name_given,
                host=self.word("host"),
                group=self.text("group"),
                unmanaged=self.flag("unmanaged"),
                usage_mode=self.usage_mode(),
                permission=self.permission(),
                quota_bytes=int(self.option("quota")),
                cloneable=self.flag("cloneable"),
            )
        )
        self.line(f'Virtual folder "{folder.name}" is created.')
        return 0
