"""From the values of a command line to the cases they stand for."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice, product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import PluginError, UsageError
from outrig.project.parameters import WILDCARD
from outrig.project.problem import nearest
from outrig.sweep.expansion import expand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig.model.project import Command, Parameter
    from outrig.plugins import Hooks

MOST_CASES = 100_000
"""More than this is taken for a mistake."""
_PREFIX = re.compile(r"([a-z][a-z0-9_-]*):(?!//)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridOptions:
    """How values are put together: what varies together, what is left out, how many at most.

    `trials` are CSV files each of whose rows is a case; `exclude` holds `NAME=VALUE,NAME=VALUE`.
    """

    together: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit: int | None = None
    trials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Parameters that vary together, and the values they have, one row after the other."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The values that vary, by parameter, for each case in order. `fixed` are those that do not."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    fixed: Mapping[str, str]


def expression_of(text: str, known: Sequence[str], *, is_text: bool) -> tuple[str, str] | None:
    """Return prefix and rest of a value that is an expression, `None` for an ordinary value.

    Raises `UsageError` for a prefix that nothing stands behind, where the value can be nothing
    else: the parameter is a number (not `is_text`), or the prefix is a known one mistyped.
    """
    found = _PREFIX.fullmatch(text)
    if found is None:
        return None
    prefix, rest = found.groups()
    if prefix in known:
        return prefix, rest
    like = nearest(prefix, known)
    if is_text and like is None:
        return None
    raise UsageError(
        f'"{text}": no expander is called "{prefix}" (there are: {", ".join(known)})',
        hint=f'did you mean "{like}:"?' if like else "to give it as it is: text:…",
    )


def make_grid(
    hooks: Hooks, command: Command, given: Mapping[str, str], options: GridOptions
) -> Grid:
    """Expand the given values of a command's parameters, and put them together.

    Raises `UsageError` for expressions that are wrong, when nothing is left, and for more than
    100,000 cases; `PluginError` when an expander fails.
    """
    axes, fixed = _axes(hooks, command, given)
    axes = [*axes, *(_trials(path, command) for path in options.trials)]
    axes = _joined(axes, options.together)
    names = tuple(name for axis in axes for name in axis.names)
    _check_once(names)
    count = prod(len(axis.rows) for axis in axes)
    if count > MOST_CASES and options.limit is None:
        raise UsageError(
            f"this makes {count} cases, more than {MOST_CASES}", hint="bound them with --limit N"
        )
    every = (tuple(value for row in rows for value in row) for rows in product(*_rows(axes)))
    kept = _without(every, names, options.exclude)
    rows = tuple(islice(kept, min(options.limit or MOST_CASES, MOST_CASES)))
    if not rows:
        raise UsageError("no case is left", hint="--exclude leaves out all of them")
    return Grid(names=names, rows=rows, fixed=fixed)


def _rows(axes: Sequence[Axis]) -> Iterator[tuple[tuple[str, ...], ...]]:
    return (axis.rows for axis in axes)


def _axes(
    hooks: Hooks, command: Command, given: Mapping[str, str]
) -> tuple[list[Axis], dict[str, str]]:
    known = {one.name: one for one in command.params}
    axes: list[Axis] = []
    fixed: dict[str, str] = {}
    tables: dict[str, list[str]] = {}
    for name, text in given.items():
        parameter = known.get(name)
        values = None if parameter is None else values_of(hooks, parameter, text)
        if is_table(text) and parameter is not None:
            tables.setdefault(text[1:], []).append(name)
        elif values is None:
            fixed[name] = text
        else:
            axes.append(Axis(names=(name,), rows=tuple((one,) for one in values)))
    return [*axes, *(_columns(path, names) for path, names in tables.items())], fixed


def is_table(text: str) -> bool:
    """Tell whether a word names a CSV file whose rows are cases: `@trials.csv`."""
    return text.startswith("@") and text.lower().endswith(".csv")


def varies(text: str, parameter: Parameter, known: Sequence[str]) -> bool:
    """Tell whether a value stands for several, `*` aside; raises `UsageError` as they are wrong."""
    is_text = parameter.type is None or parameter.type.value == "str"
    return is_table(text) or expression_of(text, known, is_text=is_text) is not None


def values_of(hooks: Hooks, parameter: Parameter, text: str) -> tuple[str, ...] | None:
    """Return the values that a text stands for, `None` when it is one value."""
    if text == WILDCARD and parameter.choices:
        return tuple(str(choice) for choice in parameter.choices)
    is_text = parameter.type is None or parameter.type.value == "str"
    found = expression_of(text, known_prefixes(hooks), is_text=is_text)
    if found is None:
        return None
    values = expand(hooks, found[0], found[1], parameter, MOST_CASES + 1)
    if not values:
        raise PluginError(f'--{parameter.name} "{text}" stands for no value')
    if len(values) > MOST_CASES:
        raise UsageError(f'--{parameter.name} "{text}" stands for more than {MOST_CASES} values')
    return values


def known_prefixes(hooks: Hooks) -> tuple[str, ...]:
    """Return what expressions can begin with; nothing is imported for it."""
    from outrig.plugins.kinds import Kind

    return tuple(entry.name for entry in hooks.catalogue.entries(Kind.EXPANDER))


def _trials(path: str, command: Command) -> Axis:
    """Return the rows of a CSV file whose columns are parameters."""
    header, rows = _table(path)
    known = [one.name for one in command.params]
    for name in header:
        if name not in known:
            raise UsageError(
                f'{path}: column "{name}" is no parameter of "{command.name}"',
                hint=f"it has {', '.join(known) or 'none'}",
            )
    return Axis(names=header, rows=rows)


def _columns(path: str, names: Sequence[str]) -> Axis:
    """Return the columns of a CSV file that are called like some parameters."""
    header, rows = _table(path)
    for name in names:
        if name not in header:
            raise UsageError(f'{path} has no column "{name}" (has: {", ".join(header)})')
    places = [header.index(name) for name in names]
    return Axis(names=tuple(names), rows=tuple(tuple(row[at] for at in places) for row in rows))


def _table(path: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as source:
            rows = [tuple(row) for row in islice(csv.reader(source), MOST_CASES + 2) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        reason = err.strerror if isinstance(err, OSError) else str(err)
        raise UsageError(f"@{path} cannot be read: {reason}") from err
    if len(rows) < 2:
        raise UsageError(f"@{path} has no case: it wants a line of names, then a line for each")
    if len(rows) > MOST_CASES + 1:
        raise UsageError(f"@{path} has more than {MOST_CASES} lines")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]):
            raise UsageError(f"{path}:{number}: {len(row)} values for {len(rows[0])} columns")
    return rows[0], tuple(rows[1:])


def _joined(axes: Sequence[Axis], together: Sequence[str]) -> list[Axis]:
    """Join the axes of parameters that are to vary together (`--zip a,b`)."""
    left = list(axes)
    for group in together:
        names = [name.strip() for name in group.split(",")]
        members = [axis for axis in left if any(name in axis.names for name in names)]
        for name in names:
            if not any(name in axis.names for axis in members):
                raise UsageError(f'--zip {group}: "{name}" does not vary')
        lengths = {len(axis.rows) for axis in members}
        if len(lengths) > 1:
            shown = ", ".join(f"{'+'.join(axis.names)} {len(axis.rows)}" for axis in members)
            raise UsageError(
                f"--zip {group}: as many values are wanted of each (there are {shown})"
            )
        joined = Axis(
            names=tuple(name for axis in members for name in axis.names),
            rows=tuple(
                tuple(value for row in rows for value in row)
                for rows in zip(*(axis.rows for axis in members), strict=True)
            ),
        )
        left = [joined if axis is members[0] else axis for axis in left]
        left = [axis for axis in left if axis is joined or axis not in members]
    return left


def _check_once(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise UsageError(f'"{twice[0]}" is given twice, once in a table')


def _without(
    rows: Iterator[tuple[str, ...]], names: Sequence[str], exclude: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    rules = [_rule(text, names) for text in exclude]
    if not rules:
        return rows
    return (row for row in rows if not any(_matches(row, rule) for rule in rules))


def _rule(text: str, names: Sequence[str]) -> list[tuple[int, str]]:
    rule = []
    for pair in text.split(","):
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f'--exclude "{text}" is not NAME=VALUE,NAME=VALUE')
        if name.strip() not in names:
            raise UsageError(
                f'--exclude "{text}": "{name.strip()}" does not vary',
                hint=f"these do: {', '.join(names) or 'none'}",
            )
        rule.append((list(names).index(name.strip()), value.strip()))
    return rule


def _matches(row: Sequence[str], rule: Sequence[tuple[int, str]]) -> bool:
    return all(_equals(row[at], value) for at, value in rule)


def _equals(text: str, wanted: str) -> bool:
    """Tell whether a value is the wanted one: the same number, or what a shell pattern names."""
    try:
        return float(text) == float(wanted)
    except ValueError:
        return fnmatchcase(text, wanted)
