"""The fields of folders, and of the files in them."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outrig_backendai.listing.field import Field
from outrig_backendai.slots import format_size

if TYPE_CHECKING:
    from outrig_backendai.directory.folders import Folder
    from outrig_backendai.folders.storage import FolderFile


def _quota(folder: Folder) -> str:
    return format_size(folder.quota_bytes) if folder.quota_bytes else "-"


FIELDS: tuple[Field[Folder], ...] = (
    Field("name", "Name", lambda one: one.name),
    Field("id", "ID", lambda one: one.id, ("vfolder_id",)),
    Field("host", "Host", lambda one: one.host),
    Field("permission", "Permission", lambda one: one.granted),
    Field("ownership_type", "Ownership", lambda one: one.kind, ("type",)),
    Field("is_owner", "Owner?", lambda one: one.owned),
    Field("usage_mode", "Usage Mode", lambda one: one.usage_mode),
    Field("max_size", "Quota", lambda one: one.quota_bytes, ("quota",), _quota),
    Field("status", "Status", lambda one: one.status),
    Field("user_email", "User", lambda one: one.owner_email, ("creator", "user")),
    Field("group", "Group", lambda one: one.group, ("group_name",)),
    Field("cloneable", "Cloneable", lambda one: one.cloneable),
    Field("unmanaged_path", "Directory", lambda one: one.unmanaged_path),
    Field("created_at", "Created At", lambda one: one.created_at),
)
SHOWN = FIELDS[:9]


def _modified(one: FolderFile) -> datetime | None:
    return datetime.fromtimestamp(one.modified_s, UTC) if one.modified_s else None


FILE_FIELDS: tuple[Field[FolderFile], ...] = (
    Field("name", "File name", lambda one: one.name, ("filename",)),
    Field("size", "Size", lambda one: one.size_bytes),
    Field("modified", "Modified", _modified, ("mtime",)),
    Field("mode", "Mode", lambda one: stat.filemode(one.mode)),
)
