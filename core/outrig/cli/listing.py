"""Listings: one set of columns, printed as a table, JSON, CSV or plain text.

COLUMNS = (
    Column("name", lambda s: s.name),
    Column("created", lambda s: s.created_at),
    Column("size", lambda s: s.size_bytes, unit="bytes"),
)
self.listing(sessions, COLUMNS, empty="no sessions")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

from outrig.cli.amounts import ago, duration, size, utc
from outrig.cli.definition import Option, option
from outrig.cli.table import table
from outrig.cli.terminal import one_line
from outrig.errors import UsageError

if TYPE_CHECKING:
    from typing import TypeAlias

T = TypeVar("T")
Value: TypeAlias = (
    "str | int | float | bool | datetime | Enum | Sequence[object] | Mapping[str, object] | None"
)

OUTPUTS = ("table", "json", "csv", "plain")

__all__ = ["Column", "ago", "duration", "listing_options", "render", "size", "utc"]


# Without slots: with them `Column[Record](…)` fails, https://github.com/python/cpython/issues/116669
@dataclass(frozen=True)
class Column(Generic[T]):
    """One field of a listing.

    `name` is the field's name in JSON, CSV and `--format`; `get` takes the value from a record;
    `title` is the table's heading (default: the name in capitals). `unit` `bytes` or `seconds`
    makes a table show numbers for people, `mark` a `*` for what is true. `shown` puts it in the
    table when no field was chosen.
    """

    name: str
    get: Callable[[T], Value]
    title: str = ""
    unit: str | None = None
    shown: bool = True


def listing_options(styles: Sequence[str] = ()) -> tuple[Option, ...]:
    """Return `--output` and `--format`."""
    return (
        option("output", None, "how to print the list", choices=(*OUTPUTS, *styles)),
        option("format", None, "fields to print, in this order", value="FIELD,FIELD"),
    )


def render(
    rows: Iterable[T],
    columns: Sequence[Column[T]],
    *,
    output: str = "table",
    fields: Sequence[str] = (),
    now: datetime | None = None,
) -> str:
    """Return the listing as text, line end included; raises `UsageError` for an unknown field.

    Times are relative to `now` (default: the present) in tables, else UTC in ISO 8601.
    """
    chosen = _choose(columns, fields, everything=output != "table")
    if output == "json":
        return _json(rows, chosen)
    if output == "csv":
        return _csv(rows, chosen)
    if output == "plain":
        return "".join(
            "\t".join(one_line(_exact(column.get(row))) for column in chosen) + "\n" for row in rows
        )
    moment = now or datetime.now(UTC)
    headings = [column.title or column.name.replace("_", " ").upper() for column in chosen]
    records = list(rows)
    values = [list(map(column.get, records)) for column in chosen]
    cells = [_cells(one, column.unit, moment) for one, column in zip(values, chosen, strict=True)]
    return table(headings, cells, right=[any(map(_is_number, one)) for one in values])


def _cells(values: Sequence[object], unit: str | None, now: datetime) -> list[str]:
    """Return the values of one column as a table shows them, quickly where they are of one kind."""
    kinds = set(map(type, values))
    if kinds == {str}:
        texts: list[str] = values  # type: ignore[assignment]
        together = "".join(texts)
        if together.isascii() and together.isprintable():
            return texts
    elif kinds == {datetime}:
        return [ago(value, now) for value in values]  # type: ignore[arg-type]
    elif kinds == {int} and unit in (None, "bytes"):
        return list(map(size if unit else str, values))  # type: ignore[arg-type]
    return [_shown(value, unit, now) for value in values]


def _choose(
    columns: Sequence[Column[T]], fields: Sequence[str], *, everything: bool
) -> list[Column[T]]:
    if not fields:
        return [column for column in columns if column.shown or everything]
    known = {column.name: column for column in columns}
    for field in fields:
        if field.strip() not in known:
            raise UsageError(
                f"--format: there is no field {field.strip()!r}",
                hint=f"fields: {', '.join(known)}",
            )
    return [known[field.strip()] for field in fields]


def _json(rows: Iterable[T], columns: Sequence[Column[T]]) -> str:
    import json

    records = [{column.name: _plain(column.get(row)) for column in columns} for row in rows]
    text = json.dumps(records, indent=2, ensure_ascii=False)
    if _unsafe(text):
        escaped = (one if _is_safe(one) else json.dumps(one)[1:-1] for one in text)
        return "".join(escaped) + "\n"
    return text + "\n"


def _unsafe(text: str) -> bool:
    return not text.isascii() and not text.replace("\n", "").isprintable()


def _is_safe(one: str) -> bool:
    return one == "\n" or one.isprintable()


def _csv(rows: Iterable[T], columns: Sequence[Column[T]]) -> str:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    for row in rows:
        writer.writerow([_exact(column.get(row)) for column in columns])
    return text.getvalue()


def _plain(value: object) -> object:
    """Return what JSON says for a value."""
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Iterable):
        return [_plain(one) for one in value]
    return str(value)


def _exact(value: object) -> str:
    """Return a value as CSV and plain text say it."""
    if type(value) is str:
        return value
    plain = _plain(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, list) and all(isinstance(one, str) for one in plain):
        return ",".join(plain)
    if isinstance(plain, list | dict):
        import json

        return json.dumps(plain, ensure_ascii=False)
    return str(plain)


def _shown(value: object, unit: str | None, now: datetime) -> str:
    """Return a value as a table shows it."""
    if isinstance(value, datetime):
        return ago(value, now)
    if isinstance(value, bool) and unit == "mark":
        return "*" if value else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and unit == "bytes":
        return size(value)
    if isinstance(value, int | float) and unit == "seconds":
        return duration(value)
    return one_line(_exact(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
