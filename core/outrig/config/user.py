"""Outrig's own settings, declared as a plugin's are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from outrig.settings import Settings, setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.config.fields import SettingField
    from outrig.config.file import ConfigFile


@dataclass(frozen=True, kw_only=True)
class UserSettings(Settings):
    """What the user set for all projects; `None` leaves it to Outrig."""

    provider: str = setting("local", help="the provider of projects that name none")
    store: str | None = setting(
        None, help="name or URL of the snapshot store; without it, snapshots_dir on this computer"
    )
    snapshots_dir: Path | None = setting(
        None, help="where snapshots are kept on this computer; without it, the data directory"
    )
    output: Literal["table", "json", "csv", "plain"] = setting(
        "table", help="how listings are printed"
    )
    shim_dir: Path = setting(
        Path("~/.local/bin"), help="where `outrig shim install` puts its launchers"
    )
    strict_images: bool = setting(
        False, help="whether `bai` refuses an image that is not there, or takes what is like it"
    )


@cache
def own_fields() -> tuple[SettingField, ...]:
    """Return the fields of Outrig's own settings."""
    from outrig.config.fields import fields_of

    return fields_of("", UserSettings)


@cache
def own_keys() -> tuple[str, ...]:
    """Return the names of Outrig's own settings."""
    return tuple(one.name for one in own_fields())


def user_settings(
    config: ConfigFile | None = None, flags: Mapping[str, str] | None = None
) -> UserSettings:
    """Return the user's settings: from flags, variables (`OUTRIG_STORE`), then the file."""
    from outrig.config.file import read_config
    from outrig.config.resolve import resolve

    return resolve("", UserSettings, config=config or read_config(), flags=flags or {}, project={})
