"""`bai vfolder cp`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import argument, interruptible
from outrig.errors import UsageError
from outrig_backendai.commands.foldering import FolderCommand
from outrig_backendai.directory.folders import Permission
from outrig_backendai.folders.storage import inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig_backendai.folders.transfer import Transfer


class BaiVfolderCp(FolderCommand):
    """Copy between this computer and folders, as scp does."""

    summary = "Copy between this computer and a folder, as scp does"
    details = (
        "A path of a folder is written FOLDER:PATH. The last word is where to copy to: a directory "
        "where it ends in / or several are copied."
    )
    examples = (
        ("bai vfolder cp train.csv data:input/", "into the folder"),
        ("bai vfolder cp data:results/scores.csv .", "out of it"),
    )
    arguments = (argument("filenames", "what to copy, and where to", required=False, repeat=True),)

    def handle(self) -> int:
        """Copy them."""
        *sources, target = self.argument_words("filenames") or ("",)
        if not sources:
            raise UsageError("there is nothing to copy", hint="write SOURCE... TARGET")
        transfer = self.transfer()
        with interruptible(self.outrig):
            if _folder(target):
                self._put(sources, target, transfer)
            else:
                self._get(sources, Path(target), transfer)
        self.say_copied(transfer)
        return 0

    def _put(self, sources: Sequence[str], target: str, transfer: Transfer) -> None:
        from outrig_backendai.folders.transfer import upload

        name, _, path = target.partition(":")
        storage = self.cabinet.storage(self.cabinet.find(name, Permission.WRITE))
        for source in sources:
            if _folder(source):
                raise UsageError("one side has to be on this computer")
            there = storage.look(inside(path))
            into = path.endswith("/") or (there is not None and there.is_directory)
            place = f"{path.rstrip('/')}/{Path(source).name}" if into else path
            upload(
                self.cabinet,
                name,
                [source],
                Path(),
                transfer,
                recursive=True,
                target=inside(place.lstrip("/")),
            )

    def _get(self, sources: Sequence[str], target: Path, transfer: Transfer) -> None:
        from outrig_backendai.folders.transfer import get_files

        into = target.is_dir() or len(sources) > 1 or str(target).endswith("/")
        for source in sources:
            name, colon, path = source.partition(":")
            if not colon:
                raise UsageError("one side has to be a folder", hint="write it as FOLDER:PATH")
            folder = self.cabinet.find(name)
            storage = self.cabinet.storage(folder)
            found = storage.existing(inside(path))
            place = target / (found.name or folder.name) if into else target
            get_files(storage, found, place, transfer)


def _folder(text: str) -> str:
    """Return the folder that a text like `FOLDER:PATH` names; empty where it names none."""
    name, colon, _ = text.partition(":")
    return name if colon and "/" not in name else ""
