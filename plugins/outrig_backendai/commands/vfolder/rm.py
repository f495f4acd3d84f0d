"""`bai vfolder rm`"""

from __future__ import annotations

from outrig.api import argument, option
from outrig.errors import OutrigError, UsageError
from outrig_backendai.commands.foldering import NAME, FolderCommand
from outrig_backendai.directory.folders import Permission
from outrig_backendai.folders.storage import inside


class BaiVfolderRm(FolderCommand):
    """Delete files of a folder."""

    summary = "Delete files of a folder, for good"
    examples = (("bai vfolder rm -r data results", "a directory with all in it"),)
    arguments = (NAME, argument("filenames", "files in the folder", repeat=True))
    options = (option("recursive", "r", "directories too, with all in them"),)
    aliases = ("delete-file",)

    def handle(self) -> int:
        """Delete them, once that is sure."""
        storage = self.cabinet.storage(self.cabinet.find(self.name_given, Permission.WRITE))
        paths = [inside(one) for one in self.argument_words("filenames")]
        for path in paths:
            found = storage.existing(path)
            if found.is_directory and not self.flag("recursive"):
                raise UsageError(f"{path or '.'} is a directory", hint="add -r to delete it")
        if not self.confirm("Delete them for good?", assume_without_terminal=True):
            raise OutrigError("nothing was deleted")
        for path in paths:
            storage.remove(path)
        self.note("Done.")
        return 0
