"""`bai vfolder upload`"""

from __future__ import annotations

from outrig.api import argument, interruptible, option
from outrig_backendai.commands.foldering import BASE_DIR, CHUNK_SIZE, NAME, PROXY, FolderCommand


class BaiVfolderUpload(FolderCommand):
    """Put files into a folder."""

    summary = "Put files into a folder"
    details = (
        "Files keep their path below the directory you are in, or below that of -b. What is there "
        "is replaced, each file at once when it has come whole. Nothing is copied that would bring "
        "the folder over its quota."
    )
    examples = (
        ("bai vfolder upload data train.csv", "one file"),
        ("bai vfolder upload -r -b /srv/corpus data texts", "a directory, as texts/"),
    )
    arguments = (NAME, argument("filenames", "files here", repeat=True))
    options = (
        BASE_DIR,
        CHUNK_SIZE,
        option("recursive", "r", "directories too, with all in them"),
        PROXY,
    )

    def handle(self) -> int:
        """Copy them."""
        from outrig_backendai.folders.transfer import upload

        transfer = self.transfer()
        names = self.argument_words("filenames")
        recursive = self.flag("recursive")
        with interruptible(self.outrig):
            upload(self.cabinet, self.name_given, names, self.base(), transfer, recursive=recursive)
        self.say_copied(transfer)
        return 0
