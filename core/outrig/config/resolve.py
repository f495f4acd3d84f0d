"""Settings from where they may be given: flag, variable, project, configuration, default."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from outrig.config.fields import SettingField, fields_of, plain_text
from outrig.errors import ConfigError, OutrigError
from outrig.project.problem import nearest, shown
from outrig.redaction import REDACTOR
from outrig.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.config.file import ConfigFile

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A setting's value and where it came from (`--aws-region`, `OUTRIG_AWS_REGION`, a file)."""

    field: SettingField
    value: object
    origin: str


def resolve_settings(
    kind: str,
    name: str,
    declared: type[S],
    *,
    project: Mapping[str, object],
    flags: Mapping[str, str],
    config: ConfigFile,
    environment: Mapping[str, str] | None = None,
) -> S:
    """Return the settings of the plugin `name`; `kind` is its section, `providers` or `stores`.

    `project` holds the plugin's fields from the project file, `flags` those from the command line.
    Raises `ConfigError` saying where a wrong value stands and what was expected.
    """
    return resolve(
        f"{kind}.{name}",
        declared,
        project=project,
        flags=flags,
        config=config,
        environment=environment,
    )


def resolve(
    section: str,
    declared: type[S],
    *,
    project: Mapping[str, object],
    flags: Mapping[str, str],
    config: ConfigFile,
    environment: Mapping[str, str] | None = None,
) -> S:
    """Do what `resolve_settings` does for a section, which is empty for Outrig's own settings."""
    found = find_values(
        section,
        declared,
        project=project,
        flags=flags,
        config=config,
        environment=environment,
    )
    given = {one.field.name: one.value for one in found if one.origin}
    try:
        return declared(**given)
    except OutrigError:
        raise
    except (TypeError, ValueError) as error:
        raise ConfigError(REDACTOR.redact(f"{section or 'configuration'}: {error}")) from error


def find_values(
    section: str,
    declared: type[Settings],
    *,
    project: Mapping[str, object],
    flags: Mapping[str, str],
    config: ConfigFile,
    environment: Mapping[str, str] | None = None,
) -> tuple[Found, ...]:
    """Return every field's value and its origin, which is empty for a default."""
    fields = fields_of(section, declared)
    _check_known(section, fields, project, flags, config)
    variables = os.environ if environment is None else environment
    return tuple(_find(one, project, flags, config, variables) for one in fields)


def _find(
    field: SettingField,
    project: Mapping[str, object],
    flags: Mapping[str, str],
    config: ConfigFile,
    variables: Mapping[str, str],
) -> Found:
    if field.name in flags:
        return _read(field, flags[field.name], f"--{field.flag}")
    for variable in field.variables:
        if variables.get(variable):
            return _read(field, variables[variable], variable)
    if field.name in project:
        if field.secret:
            raise ConfigError(
                f"project file: {field.key} is a secret, and snapshots hold the project file",
                hint=f"set {field.variables[0]}, or: outrig config set {field.key} VALUE",
            )
        return _read(field, project[field.name], f"project file: {field.key}")
    written = config.section(field.section).get(field.name)
    if written is not None:
        return _read(field, written.value, f"{written.where}: {field.key}")
    return Found(field=field, value=field.default, origin="")


def _read(field: SettingField, value: object, origin: str) -> Found:
    if field.secret and value is not None:
        REDACTOR.add(plain_text(value))
    try:
        return Found(field=field, value=field.convert(value), origin=origin)
    except ValueError:
        got = "" if field.secret else f", not {_shown(value)}"
        raise ConfigError(f"{origin}: expected {field.expected}{got}") from None


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "keys with values"
    return "nothing" if value is None else shown(plain_text(value))


def _check_known(
    section: str,
    fields: tuple[SettingField, ...],
    project: Mapping[str, object],
    flags: Mapping[str, str],
    config: ConfigFile,
) -> None:
    known = [one.name for one in fields]
    places = [(name, f"project file: {section}") for name in project]
    places += [(name, f"flag of {section}") for name in flags]
    places += [(name, f"{one.where}: {section}") for name, one in config.section(section).items()]
    for name, place in places:
        if name not in known:
            raise ConfigError(f"{place} has no setting {shown(name)}", hint=_known(name, known))


def _known(name: str, known: list[str]) -> str:
    like = nearest(name, known)
    if like is not None:
        return f'did you mean "{like}"?'
    return f"settings: {', '.join(known)}" if known else "it has no settings"
