"""Folders as commands use them: found, checked for what the caller may do, made and removed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import AuthError, ConflictError, NotFoundError, UsageError
from outrig_backendai.directory.folder_shares import FolderShares
from outrig_backendai.directory.folders import Folders, Permission, UsageMode, new_folder
from outrig_backendai.folders.hosts import LOCAL, UNMANAGED, check_host, storage_of

if TYPE_CHECKING:
    from outrig_backendai.directory.database import Directory
    from outrig_backendai.directory.folders import Folder
    from outrig_backendai.directory.identity import Caller
    from outrig_backendai.folders.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFolder:
    """A folder that is asked for. `host` is a path where `unmanaged`; `quota_bytes` 0 is none."""

    name: str
    host: str | None = None
    group: str | None = None
    unmanaged: bool = False
    usage_mode: UsageMode = UsageMode.GENERAL
    permission: Permission = Permission.WRITE
    quota_bytes: int = 0
    cloneable: bool = False


class Cabinet:
    """The folders of one caller, and their files."""

    def __init__(self, directory: Directory, caller: Caller) -> None:
        self.directory = directory
        self.caller = caller

    @cached_property
    def records(self) -> Folders:
        """What is recorded of folders."""
        return Folders(self.directory, self.caller)

    @cached_property
    def shares(self) -> FolderShares:
        """Whom folders are shared with."""
        return FolderShares(self.directory, self.caller)

    def create(self, wanted: NewFolder) -> Folder:
        """Make a folder; raises `ConflictError` for a taken name, `NotFoundError`, `AuthError`."""
        group = None if wanted.group is None else self._group(wanted.group)
        host = UNMANAGED if wanted.unmanaged else check_host(wanted.host or LOCAL)
        folder = replace(
            new_folder(wanted.name, host, self.caller, group=group),
            usage_mode=wanted.usage_mode,
            permission=wanted.permission,
            quota_bytes=wanted.quota_bytes,
            cloneable=wanted.cloneable,
            unmanaged_path=self._unmanaged(wanted),
        )
        storage = self.storage(folder)
        storage.make()
        try:
            return self.records.add(folder)
        except BaseException:
            storage.destroy()
            raise

    def storage(self, folder: Folder) -> Storage:
        """Return where a folder's files are."""
        return storage_of(folder, self.directory.state_directory)

    def find(self, reference: str, wanted: Permission = Permission.READ) -> Folder:
        """Return the folder of that name or id; raises `AuthError` when the caller may not so."""
        folder = self.records.find(reference)
        if not folder.granted.allows(wanted):
            raise AuthError(
                f"folder {folder.name!r} is {folder.granted.value} for {self.caller.user_email}",
                hint=f"its owner is {folder.owner_email}",
            )
        return folder

    def owned(self, reference: str, *, trashed: bool = False) -> Folder:
        """Return a folder that the caller may change; raises `AuthError` for another's."""
        folder = self.records.find(reference, trashed=trashed)
        if not folder.owned:
            raise AuthError(f"folder {folder.name!r} is {folder.owner_email}'s")
        return folder

    def trash(self, reference: str) -> Folder:
        """Put a folder into the trash; raises `ConflictError` while a session has it."""
        folder = self.records.find(reference)
        if not folder.owned and folder.granted is not Permission.DELETE:
            raise AuthError(f"folder {folder.name!r} is {folder.owner_email}'s")
        self._check_unused(folder)
        return self.records.change(replace(folder, trashed_at=datetime.now(UTC)))

    def restore(self, reference: str) -> Folder:
        """Take a folder out of the trash; raises `ConflictError` when its name is taken now."""
        folder = self.owned(reference, trashed=True)
        return self.records.change(replace(folder, trashed_at=None))

    def purge(self, reference: str) -> Folder:
        """Remove a folder that is in the trash, with all files."""
        folder = self.owned(reference, trashed=True)
        self.storage(folder).destroy()
        self.records.remove(folder)
        return folder

    def clone(self, reference: str, wanted: NewFolder) -> Folder:
        """Make a copy of a folder; raises `AuthError` when its owner does not allow that."""
        source = self.find(reference)
        if not (source.cloneable or source.owned):
            raise AuthError(
                f"folder {source.name!r} is not to be cloned",
                hint=f"{source.owner_email} may: vfolder update-options --set-cloneable yes",
            )
        made = self.create(wanted)
        origin, target = self.storage(source), self.storage(made)
        try:
            for one in origin.walk():
                if one.is_directory:
                    target.make_directory(one.path)
                elif not one.is_link:
                    executable = bool(one.mode & 0o100)
                    target.write(one.path, origin.read(one.path), executable=executable)
        except BaseException:
            target.destroy()
            self.records.remove(made)
            raise
        return made

    def sizes(self, folder: Folder) -> tuple[int, int]:
        """Return how many files a folder holds, and their bytes."""
        files = [one.size_bytes for one in self.storage(folder).walk() if not one.is_directory]
        return len(files), sum(files)

    def _group(self, name: str) -> str:
        caller = self.caller
        group = self.directory.members.group(caller.domain, name)
        if group is None or not group.is_active:
            raise NotFoundError(f'there is no group "{name}" in domain {caller.domain}')
        member = self.directory.members.is_member(group.id, caller.user_id)
        if not (caller.is_superadmin or member):
            raise AuthError(f'{caller.user_email} is not a member of group "{group.name}"')
        return group.name

    def _unmanaged(self, wanted: NewFolder) -> str | None:
        if not wanted.unmanaged:
            return None
        if not self.caller.is_superadmin:
            raise AuthError("only administrators make folders of directories that are there")
        if wanted.host is None:
            raise UsageError("--unmanaged needs a directory in place of the host")
        path = Path(wanted.host).expanduser().absolute()
        if not path.is_dir():
            raise NotFoundError(f"there is no directory {path}")
        return str(path)

    def _check_unused(self, folder: Folder) -> None:
        from outrig_backendai.folders.using import session_with

        session = session_with(self.directory, folder)
        if session is not None:
            raise ConflictError(
                f"folder {folder.name!r} is mounted in session {session.name!r}",
                hint=f"end it first: outrig bai rm {session.name}",
            )
