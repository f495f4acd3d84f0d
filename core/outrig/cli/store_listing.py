"""What the commands about stores share: names to complete, and settings as options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.config.stores import StorePlace, named_stores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.cli.command import Command
    from outrig.config.fields import SettingField


def store_names(prefix: str) -> Iterator[str]:
    """Yield the names of stores that begin with `prefix`."""
    return (one.name for one in named_stores() if one.name and one.name.startswith(prefix))


def used_store(command: Command) -> StorePlace:
    """Return the store that commands use here when none is asked for."""
    return command.outrig.snapshots.place


def store_fields(command: Command, url: str) -> tuple[SettingField, ...]:
    """Return the settings of the plugin that a URL chooses; raises `PluginError`."""
    from outrig.config.fields import fields_of
    from outrig.plugins.facade import scheme
    from outrig.plugins.kinds import Kind

    name = scheme(url)
    declared = command.outrig.runtime.hooks.settings_type(Kind.STORE, name)
    return fields_of(f"{Kind.STORE.section}.{name}", declared)


def shown_settings(command: Command, place: StorePlace) -> dict[str, str]:
    """Return what a store was given under its name, as text; secrets are hidden."""
    if not place.settings:
        return {}
    fields = {one.name: one for one in store_fields(command, place.url)}
    return {
        name: fields[name].shown(value) if name in fields else "(no such setting)"
        for name, value in place.settings.items()
    }
