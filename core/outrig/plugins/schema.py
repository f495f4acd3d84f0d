"""JSON Schemas of plugins' settings, made from the fields that declare them."""

from __future__ import annotations

import types
import typing
from enum import Enum
from typing import TYPE_CHECKING, Literal, Union

from outrig.config.fields import fields_of, plain_text
from outrig.errors import OutrigError
from outrig.plugins.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.config.fields import SettingField
    from outrig.plugins.facade import Hooks

_TYPES: dict[object, str] = {bool: "boolean", int: "integer", float: "number"}


def provider_schemas(hooks: Hooks, report: Callable[[str], None]) -> dict[str, dict[str, object]]:
    """Return by provider the schemas of what a project file may say for it.

    Secrets are left out: they do not belong there. `report` is told of providers that are broken.
    """
    found: dict[str, dict[str, object]] = {}
    for entry in hooks.catalogue.entries(Kind.PROVIDER):
        try:
            declared = hooks.settings_type(Kind.PROVIDER, entry.name)
            fields = fields_of(f"providers.{entry.name}", declared)
        except OutrigError as err:
            report(f"skipped: {err}")
        else:
            found[entry.name] = {one.name: field_schema(one) for one in fields if not one.secret}
    return found


def field_schema(field: SettingField) -> dict[str, object]:
    """Return the schema of one setting."""
    unit = f" ({field.unit})" if field.unit else ""
    schema: dict[str, object] = {"description": f"{field.help}{unit}", **_of(field.hint)}
    if field.default is not None:
        default = field.default
        simple = isinstance(default, str | bool | int | float)
        schema["default"] = default if simple else plain_text(default)
    return schema


def _of(hint: object) -> dict[str, object]:
    if typing.get_origin(hint) in (Union, types.UnionType):
        return {"anyOf": [_of(one) for one in typing.get_args(hint)]}
    if hint is type(None):
        return {"type": "null"}
    if typing.get_origin(hint) is Literal:
        return {"enum": [plain_text(one) for one in typing.get_args(hint)]}
    if typing.get_origin(hint) is tuple:
        items = _of(typing.get_args(hint)[0])
        return {"anyOf": [{"type": "array", "items": items}, {"type": "string"}]}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [str(one.value) for one in hint]}
    return {"type": _TYPES.get(hint, "string")}
