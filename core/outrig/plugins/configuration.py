"""Configuration by its keys: what each is, what it stands at, and where that comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.config.edit import set_key, unset_key
from outrig.config.fields import SettingField, fields_of, plain_text
from outrig.config.file import SECTIONS, STORE_SECTION, ConfigFile, read_config
from outrig.config.resolve import find_values
from outrig.config.user import UserSettings, own_fields
from outrig.errors import NotFoundError, PluginError, UsageError
from outrig.plugins.kinds import Kind
from outrig.project.problem import nearest, shown
from outrig.redaction import HIDDEN

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.plugins import Hooks
    from outrig.project.scalars import PlainValue
    from outrig.settings import Settings

_KINDS = {kind.section: kind for kind in Kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """A key, its value as text (secrets hidden) and where it comes from."""

    key: str
    value: str
    origin: str
    help: str = ""


class Configuration:
    """The configuration file with what its keys mean; plugins are imported as keys need them."""

    def __init__(self, hooks: Hooks, config: ConfigFile | None = None) -> None:
        self._hooks = hooks
        self._config = read_config() if config is None else config

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._config.path

    def field(self, key: str) -> SettingField:
        """Return what a key is; raises `NotFoundError` with the nearest known key."""
        section, _, name = key.rpartition(".")
        fields = self._fields(section, key)
        for one in fields:
            if one.name == name:
                return one
        known = [one.key for one in fields]
        if not section:
            known += SECTIONS
        like = nearest(key, known)
        hint = f'did you mean "{like}"?' if like else f"keys: {', '.join(known) or 'none'}"
        raise NotFoundError(f"there is no configuration key {shown(key)}", hint=hint)

    def states(self, section: str | None = None) -> tuple[KeyState, ...]:
        """Return the state of every key of a section (`providers.aws`), or of all that are known.

        Without a section those are Outrig's own keys and the plugins' keys that the file sets.
        """
        if section:
            return self._states(section, self._declared(section, section), everything=True)
        states = list(self._states("", UserSettings, everything=True))
        for name in filter(None, sorted(self._config.sections)):
            if name.partition(".")[0] == STORE_SECTION:
                continue  # shown by `outrig store`
            try:
                declared = self._declared(name, name)
            except PluginError:
                states += self._unknown(name)
            else:
                states += self._states(name, declared, everything=False)
        return tuple(states)

    def get(self, key: str) -> str:
        """Return what a key stands at, as text; a secret is hidden."""
        field = self.field(key)
        states = self._states(field.section, self._declared(field.section, key), everything=True)
        return next(one.value for one in states if one.key == field.key)

    def set(self, key: str, text: str) -> None:
        """Write a value into the file; raises `UsageError` when it does not fit the key."""
        field = self.field(key)
        if key == "provider":
            self._check_provider(text)
        try:
            value = field.convert(text)
        except ValueError:
            got = "" if field.secret else f", not {shown(text)}"
            raise UsageError(f"{key}: expected {field.expected}{got}") from None
        set_key(self.path, key, _writable(value))

    def _check_provider(self, name: str) -> None:
        """Raise `UsageError` for a provider that is not installed, with the nearest that is."""
        try:
            self._hooks.catalogue.find(Kind.PROVIDER, name)
        except PluginError as err:
            raise UsageError(str(err), hint=err.hint) from err

    def unset(self, key: str) -> bool:
        """Take a key out of the file; false when it was not there.

        Keys of plugins that are gone can be taken out too.
        """
        section, _, name = key.rpartition(".")
        if name not in self._config.section(section):
            self.field(key)
        return unset_key(self.path, key)

    def _fields(self, section: str, key: str) -> tuple[SettingField, ...]:
        if not section:
            return own_fields()
        return fields_of(section, self._declared(section, key))

    def _declared(self, section: str, key: str) -> type[Settings]:
        if not section:
            return UserSettings
        kind, dot, name = section.partition(".")
        if kind not in _KINDS or not dot or not name:
            like = nearest(key, [one.name for one in own_fields()])
            hint = f'did you mean "{like}"?' if like else "as in providers.NAME.FIELD"
            raise NotFoundError(f"there is no configuration key {shown(key)}", hint=hint)
        return self._hooks.settings_type(_KINDS[kind], name)

    def _states(
        self, section: str, declared: type[Settings], *, everything: bool
    ) -> tuple[KeyState, ...]:
        found = find_values(section, declared, project={}, flags={}, config=self._config)
        return tuple(
            KeyState(
                key=one.field.key,
                value=one.field.shown(one.value),
                origin=one.origin.removesuffix(f": {one.field.key}") or "default",
                help=one.field.help,
            )
            for one in found
            if one.origin or everything
        )

    def _unknown(self, section: str) -> list[KeyState]:
        """Return the keys of a plugin that is not there: any may be a secret, so all are hidden."""
        return [
            KeyState(key=f"{section}.{name}", value=HIDDEN, origin=one.where)
            for name, one in self._config.section(section).items()
        ]


def _writable(value: object) -> PlainValue:
    """Return a setting's value as YAML writes it."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, tuple):
        return [_writable(one) for one in value]
    return plain_text(value)
