"""Lists and details on the screen, and as JSON, the way Backend.AI's client prints them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from outrig.api import one_line, show_in_pages, table
from outrig_backendai.listing.field import as_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import Command
    from outrig_backendai.listing.field import Field
    from outrig_backendai.listing.page import Page

T = TypeVar("T")


def print_page(
    command: Command,
    page: Page[T],
    fields: Sequence[Field[T]],
    *,
    empty: str,
    plain: bool = False,
    hint: str = "",
) -> None:
    """Print a page of records. With none of them a table is the one line `empty`.

    `plain` leaves headings and dashes out. Where some are left, `hint` says how to see them.
    """
    if command.output == "json":
        command.write(_as_json(page, fields))
        return
    if not page.records:
        command.line(empty if page.total == 0 else f"There are {page.total}, none of them here.")
        return
    show_in_pages(as_table(page.records, fields, plain=plain))
    if page.left:
        command.note(f"{page.left} more{f'; {hint}' if hint else ''}")


def print_record(command: Command, record: T, fields: Sequence[Field[T]]) -> None:
    """Print everything about one record, a field per line."""
    if command.output == "json":
        command.write(_dumped({one.name: as_plain(one.get(record)) for one in fields}))
        return
    names = [one.title for one in fields]
    values = [one_line(one.text(record)) for one in fields]
    command.write(table(("Field", "Value"), (names, values), rule=True))


def as_table(records: Sequence[T], fields: Sequence[Field[T]], *, plain: bool = False) -> str:
    """Return records as a table with dashes below the headings, or without both."""
    columns = [[one_line(one.text(record)) for record in records] for one in fields]
    titles = ["" if plain else one.title for one in fields]
    text = table(titles, columns, rule=not plain)
    return text.partition("\n")[2] if plain else text


def _as_json(page: Page[T], fields: Sequence[Field[T]]) -> str:
    items = [{one.name: as_plain(one.get(record)) for one in fields} for record in page.records]
    return _dumped({"count": len(items), "total_count": page.total, "items": items})


def _dumped(value: object) -> str:
    """Return JSON that no terminal obeys: what cannot be printed is escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return (text if text.replace("\n", "").isprintable() else json.dumps(value, indent=2)) + "\n"
