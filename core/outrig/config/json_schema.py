"""Settings as a fragment of JSON schema, for editors and for the documentation."""

from __future__ import annotations

import types
import typing
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Union

from outrig.config.fields import fields_of, plain_text

if TYPE_CHECKING:
    from outrig.config.fields import SettingField
    from outrig.settings import Settings

_TYPES: dict[object, str] = {
    str: "string",
    Path: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
}


def settings_schema(section: str, declared: type[Settings]) -> dict[str, object]:
    """Return the JSON schema of the mapping that holds a plugin's settings in a file."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {one.name: _property(one) for one in fields_of(section, declared)},
    }


def _property(field: SettingField) -> dict[str, object]:
    unit = f" ({field.unit})" if field.unit else ""
    schema: dict[str, object] = {"description": field.help + unit, **_of(field.hint)}
    if field.default is not None and not field.secret:
        schema["default"] = _plain(field.default)
    return schema


def _of(hint: object) -> dict[str, object]:
    if typing.get_origin(hint) in (Union, types.UnionType):
        members = [_of(one) for one in typing.get_args(hint)]
        return {"anyOf": members}
    if hint is type(None):
        return {"type": "null"}
    if typing.get_origin(hint) is tuple:
        return {"type": "array", "items": _of(typing.get_args(hint)[0])}
    if typing.get_origin(hint) is Literal:
        return {"enum": [_plain(one) for one in typing.get_args(hint)]}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [_plain(one) for one in hint]}
    return {"type": _TYPES.get(hint, "string")}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | int | float) else plain_text(value)
