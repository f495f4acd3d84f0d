"""One field of a listing, and how its values are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Generic, TypeAlias, TypeVar

from outrig.errors import UsageError

T = TypeVar("T")
Value: TypeAlias = (
    "str | int | float | bool | datetime | Enum | Sequence[object] | Mapping[str, object] | None"
)


# Without slots: with them `Field[Record](…)` fails, https://github.com/python/cpython/issues/116669
@dataclass(frozen=True)
class Field(Generic[T]):
    """What one column says: `name` in `-f` and JSON, `title` in tables, `get` takes its value.

    `also` are further names that `-f`, filters and orders know it by; `written` says how a table
    shows a value that it does not show as it is.
    """

    name: str
    title: str
    get: Callable[[T], Value]
    also: tuple[str, ...] = ()
    written: Callable[[T], str] | None = None

    def text(self, record: T) -> str:
        """Return the value as a table shows it."""
        return as_text(self.get(record)) if self.written is None else self.written(record)


def as_text(value: object) -> str:
    """Return a value as a table shows it: nothing is `(null)`, an empty list is `(empty)`."""
    if value is None:
        return "(null)"
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}:{as_text(one)}" for key, one in value.items()) or "(empty)"
    if isinstance(value, Sequence):
        return ", ".join(map(as_text, value)) or "(empty)"
    return str(value)


def as_plain(value: object) -> object:
    """Return a value as JSON says it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): as_plain(one) for key, one in value.items()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Sequence):
        return [as_plain(one) for one in value]
    return str(value)


def find_field(fields: Sequence[Field[T]], name: str, option: str = "") -> Field[T]:
    """Return the field of that name; raises `UsageError` naming what there is.

    `option` is where the name stands, unless that is `-f`, whose error is Backend.AI's own.
    """
    for one in fields:
        if name == one.name or name in one.also:
            return one
    raise UsageError(
        f"{option}: there is no field {name!r}"
        if option
        else f"There is no such format option: {name or repr(name)}",
        hint=f"fields: {', '.join(one.name for one in fields)}",
    )


def chosen_fields(fields: Sequence[Field[T]], names: str) -> list[Field[T]]:
    """Return the fields that `name,name` asks for, in that order; raises `UsageError`."""
    return [find_field(fields, one.strip()) for one in names.split(",")]
