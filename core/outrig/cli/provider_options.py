"""The settings of a provider as options of the commands that start sessions: `--aws-region`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.definition import option
from outrig.errors import UsageError
from outrig.plugins.kinds import FLAG_MARK, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.cli.command import Command
    from outrig.cli.definition import Option
    from outrig.config.fields import SettingField


def provider_fields(command: Command, provider: str) -> tuple[SettingField, ...]:
    """Return the settings that a provider declares; raises `PluginError` when it is not there."""
    from outrig.config.fields import fields_of

    declared = command.outrig.runtime.hooks.settings_type(Kind.PROVIDER, provider)
    return fields_of(f"{Kind.PROVIDER.section}.{provider}", declared)


def provider_names(command: Command, prefix: str) -> list[str]:
    """Return the names of installed providers that begin with `prefix`."""
    entries = command.outrig.runtime.hooks.catalogue.entries(Kind.PROVIDER)
    return [one.name for one in entries if one.name.startswith(prefix)]


def named_providers(text: str) -> tuple[str, ...]:
    """Return the providers that `--provider A,B` names; raises `UsageError` when it names none."""
    names = tuple(one.strip() for one in text.split(",") if one.strip())
    if not names:
        raise UsageError("--provider names no provider", hint="see: outrig provider list")
    return names


def flags_of(command: Command, provider: str, field: SettingField) -> tuple[str, ...]:
    """Return the options of a setting: `ssh-hosts`, and for some of them `hosts`."""
    declared = command.outrig.runtime.hooks.settings_type(Kind.PROVIDER, provider)
    short = field.name.replace("_", "-")
    return (field.flag, short) if field.name in declared.short_flags else (field.flag,)


def provider_options(command: Command, *providers: str) -> Iterator[Option]:
    """Yield an option for each setting of these providers, but not over the command's own.

    A short one that several of them have is for all of those.
    """
    declared: set[str] = set()
    for provider in providers:
        for field in provider_fields(command, provider):
            unit = f" ({field.unit})" if field.unit else ""
            for flag in flags_of(command, provider, field):
                if flag in declared or command.definition.has_option(flag):
                    continue
                declared.add(flag)
                yield option(
                    flag,
                    None,
                    f"{provider}: {field.help}{unit}",
                    value="VALUE",
                    implied="true" if field.hint is bool else None,
                )


def given_settings(command: Command, provider: str) -> tuple[tuple[str, object], ...]:
    """Return the settings of a provider on the command line, to be kept with the session.

    Secrets are not among them: those are for this process alone, and recorded nowhere.
    """
    given = {
        field: str(command.text(flag))
        for field in provider_fields(command, provider)
        for flag in reversed(flags_of(command, provider, field))
        if command.definition.has_option(flag) and command.was_given(flag)
    }
    secrets = {field.name: text for field, text in given.items() if field.secret}
    if secrets:
        command.outrig.runtime.hooks.add_flags(f"{Kind.PROVIDER.section}.{provider}", secrets)
    return tuple(
        (FLAG_MARK + field.name, text) for field, text in given.items() if not field.secret
    )
