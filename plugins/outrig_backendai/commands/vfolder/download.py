"""`bai vfolder download`"""

from __future__ import annotations

from outrig.api import argument, interruptible, option
from outrig_backendai.commands.foldering import BASE_DIR, CHUNK_SIZE, NAME, PROXY, FolderCommand


class BaiVfolderDownload(FolderCommand):
    """Copy files of a folder to this computer."""

    summary = "Copy files of a folder to this computer"
    details = (
        "Files keep their path, below the directory you are in or that of -b; directories come "
        "with all in them, and without names everything does. What breaks off is taken up where it "
        "was. What is here is replaced, each file when it has come whole. Links are left out."
    )
    examples = (
        ("bai vfolder download data results/scores.csv", "to ./results/scores.csv"),
        ("bai vfolder download -b /tmp data", "all of it, to /tmp"),
    )
    arguments = (NAME, argument("filenames", "files in the folder", required=False, repeat=True))
    options = (
        BASE_DIR,
        CHUNK_SIZE,
        PROXY,
        option(
            "max-retries",
            None,
            "how often to go on after a failure",
            value="NUMBER",
            type=int,
            default=20,
        ),
    )

    def handle(self) -> int:
        """Copy them."""
        from outrig_backendai.folders.transfer import download

        transfer = self.transfer()
        names = self.argument_words("filenames")
        with interruptible(self.outrig):
            download(self.cabinet, self.name_given, names, self.base(), transfer)
        self.say_copied(transfer)
        return 0
