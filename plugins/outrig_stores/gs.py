"""The snapshot store in Google Cloud Storage: `gs://bucket/prefix`, through gcsfs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

from outrig.api import Settings, setting
from outrig_stores.fsspec_store import FsspecSettings, FsspecStore

_ASKS_FIRST = "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"


@dataclass(frozen=True, kw_only=True)
class GsSettings(FsspecSettings):
    """Settings of stores in Google Cloud Storage."""

    project: str | None = setting(None, help="the Google Cloud project", env="GOOGLE_CLOUD_PROJECT")
    token: str | None = setting(
        None,
        help="file of a service account's key, or anon, cloud, browser, google_default as gcsfs "
        "knows them; without it, gcsfs tries them",
    )
    endpoint: str | None = setting(
        None, help="URL of another server, such as an emulator", env="STORAGE_EMULATOR_HOST"
    )


class GsStore(FsspecStore):
    """Objects in a bucket of Google Cloud Storage, all below one prefix."""

    settings_type: ClassVar[type[Settings]] = GsSettings

    def file_system(self) -> Any:
        """Open it. gcsfs would first ask, for a minute, a service that few buckets need."""
        given = os.environ.get(_ASKS_FIRST)
        if given is None:
            os.environ[_ASKS_FIRST] = "false"  # read when gcsfs is imported
        try:
            return super().file_system()
        finally:
            if given is None:
                del os.environ[_ASKS_FIRST]

    def file_system_options(self) -> dict[str, Any]:
        """Return the options that the settings give."""
        options = super().file_system_options()
        own = self.settings
        if isinstance(own, GsSettings):
            given = {"project": own.project, "token": own.token, "endpoint_url": own.endpoint}
            options |= {name: value for name, value in given.items() if value is not None}
        return options
