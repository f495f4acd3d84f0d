"""The fields of a `Settings` class: names of its keys, flags and variables, and what they take."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Union

from outrig.errors import PluginError
from outrig.project.scalars import as_flag, as_number, as_whole

if TYPE_CHECKING:
    from outrig.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingField:
    """One setting. `section` is `providers.aws`, empty for Outrig's own."""

    section: str
    name: str
    hint: object
    default: object
    help: str
    unit: str | None
    env: str | None
    secret: bool

    @property
    def key(self) -> str:
        """The key in configuration files: `providers.aws.region`."""
        return f"{self.section}.{self.name}" if self.section else self.name

    @property
    def flag(self) -> str:
        """The option without its dashes: `aws-region`."""
        return f"{self._plugin}{self.name}".replace("_", "-").lower()

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables, the first that is set counts."""
        own = f"OUTRIG_{self._plugin}{self.name}".replace("-", "_").replace(".", "_").upper()
        return (own,) if self.env is None else (own, self.env)

    @property
    def optional(self) -> bool:
        """Whether it may be unset (`None`)."""
        return type(None) in typing.get_args(self.hint)

    @property
    def expected(self) -> str:
        """What a value is to be, in words."""
        return _expected(self.hint)

    @property
    def _plugin(self) -> str:
        name = self.section.partition(".")[2]
        return f"{name}-" if name else ""

    def convert(self, value: object) -> object:
        """Return the value as the field's type; text is read; raises `ValueError` when it is not.

        A list may be written as text with commas.
        """
        return _convert(self.hint, value)

    def shown(self, value: object) -> str:
        """Return a value as it would be written in a file; secrets are hidden."""
        from outrig.redaction import HIDDEN

        if self.secret and value is not None:
            return HIDDEN
        return plain_text(value)


def plain_text(value: object) -> str:
    """Return a setting's value as text: lists with commas, flags as true and false."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple | list):
        return ",".join(plain_text(one) for one in value)
    return str(value)


def fields_of(section: str, declared: type[Settings]) -> tuple[SettingField, ...]:
    """Return the fields of a `Settings` class; raises `PluginError` when it is no such class."""
    if not dataclasses.is_dataclass(declared):
        raise PluginError(f"{section}: {declared.__qualname__} is no dataclass")
    try:
        hints = typing.get_type_hints(declared)
    except (NameError, TypeError, AttributeError) as error:
        raise PluginError(
            f"{section}: the types of {declared.__qualname__} cannot be told: {error}"
        ) from error
    return tuple(_field(section, one, hints[one.name]) for one in dataclasses.fields(declared))


def _field(section: str, one: dataclasses.Field[object], hint: object) -> SettingField:
    default = one.default
    if one.default_factory is not dataclasses.MISSING:
        default = one.default_factory()
    if default is dataclasses.MISSING:
        raise PluginError(f"{section}.{one.name} has no default; every setting needs one")
    about = one.metadata
    return SettingField(
        section=section,
        name=one.name,
        hint=hint,
        default=default,
        help=str(about.get("help", "")),
        unit=about.get("unit"),
        env=about.get("env"),
        secret=bool(about.get("secret")),
    )


def _members(hint: object) -> tuple[object, ...]:
    """Return the alternatives of a union, without `None`."""
    if typing.get_origin(hint) in (Union, types.UnionType):
        return tuple(one for one in typing.get_args(hint) if one is not type(None))
    return (hint,)


_WORDS: dict[object, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path",
}


def _expected(hint: object) -> str:
    words = []
    for one in _members(hint):
        if typing.get_origin(one) is Literal:
            words.append("one of " + ", ".join(plain_text(each) for each in typing.get_args(one)))
        elif isinstance(one, type) and issubclass(one, Enum):
            words.append("one of " + ", ".join(str(each.value) for each in one))
        elif typing.get_origin(one) is tuple:
            words.append("a list")
        else:
            words.append(_WORDS.get(one, getattr(one, "__name__", str(one))))
    return " or ".join(words)


def _convert(hint: object, value: object) -> object:
    if value is None:
        if type(None) in typing.get_args(hint):
            return None
        raise ValueError("nothing")
    for one in _members(hint):
        try:
            return _convert_one(one, value)
        except ValueError:
            continue
    raise ValueError(value)


def _convert_one(hint: object, value: object) -> object:
    if typing.get_origin(hint) is tuple:
        return _convert_list(typing.get_args(hint)[0], value)
    if typing.get_origin(hint) is Literal:
        return _choose({plain_text(one): one for one in typing.get_args(hint)}, value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _choose({str(one.value): one for one in hint}, value)
    if isinstance(value, list | dict | tuple):
        raise ValueError(value)
    text = plain_text(value)
    match hint:
        case _ if hint is str:
            return text
        case _ if hint is Path:
            return Path(text).expanduser()
        case _ if hint is bool:
            return _found(value if isinstance(value, bool) else as_flag(text), value)
        case _ if hint is int:
            return _found(None if isinstance(value, bool) else as_whole(text), value)
        case _ if hint is float:
            return _found(None if isinstance(value, bool) else as_number(text), value)
    raise ValueError(value)


def _found(read: object, value: object) -> object:
    if read is None:
        raise ValueError(value)
    return read


def _choose(choices: dict[str, object], value: object) -> object:
    text = plain_text(value)
    if text not in choices:
        raise ValueError(value)
    return choices[text]


def _convert_list(hint: object, value: object) -> tuple[object, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise ValueError(value)
    return tuple(_convert(hint, one) for one in value)
