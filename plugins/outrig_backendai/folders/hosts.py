"""Where the files of folders are kept: on this computer, or at a store that has a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import named_stores, store_place
from outrig.errors import ConfigError, NotFoundError
from outrig_backendai.folders.local_storage import LocalStorage

if TYPE_CHECKING:
    from outrig.api import StorePlace
    from outrig_backendai.directory.folders import Folder
    from outrig_backendai.folders.storage import Storage

LOCAL = "local"
UNMANAGED = "unmanaged"
_BELOW = "outrig-folders"


def host_names() -> tuple[str, ...]:
    """Return the names of all hosts: `local`, and those of stores."""
    return (LOCAL, *(one.name for one in named_stores() if one.name and one.name != LOCAL))


def check_host(name: str) -> str:
    """Return a host's name if there is one; raises `NotFoundError`."""
    if name not in host_names():
        raise NotFoundError(
            f"there is no folder host {name!r} (there are: {', '.join(host_names())})",
            hint=f"make one of a directory or URL: outrig store add {name} URL",
        )
    return name


def storage_of(folder: Folder, state_directory: str) -> Storage:
    """Return where a folder's files are; raises `ConfigError` when its host is known no more."""
    if folder.unmanaged_path is not None:
        return LocalStorage(Path(folder.unmanaged_path), managed=False)
    if folder.host == LOCAL:
        return LocalStorage(Path(state_directory) / "backendai-folders" / folder.id)
    try:
        place = store_place(folder.host)
    except NotFoundError as err:
        raise ConfigError(
            f"folder {folder.name!r} is at {folder.host!r}, which is not set up any more",
            hint=f"outrig store add {folder.host} URL",
        ) from err
    return _at(place, folder.id)


def _at(place: StorePlace, folder_id: str) -> Storage:
    protocol, _, rest = place.url.partition("://")
    if protocol == "file":
        return LocalStorage(Path("/" + rest.lstrip("/")) / _BELOW / folder_id)
    from outrig_backendai.folders.fsspec_storage import FsspecStorage

    options = place.settings.get("options", "{}")
    return FsspecStorage(f"{place.url.rstrip('/')}/{_BELOW}/{folder_id}", str(options))
