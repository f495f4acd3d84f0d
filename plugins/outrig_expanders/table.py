"""`file:values.csv#column`, and `file:values.txt`: values out of a file on this computer."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import Expander
from outrig.errors import UsageError
from outrig_expanders.reading import wrong

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from outrig.api import Context, Parameter

_EXAMPLE = "file:values.csv#lr, or file:values.txt with a value on each line"


class FileExpander(Expander):
    """`file:PATH#COLUMN` is a column of a CSV file, `file:PATH` the lines of any other.

    Without `#COLUMN` a CSV file's column is the one called like the parameter. A path is relative
    to the working directory.
    """

    summary = "file:values.csv#column, file:values.txt"

    def expand_params(
        self, expression: str, parameter: Parameter, limit: int, context: Context
    ) -> tuple[str, ...]:
        """Return the values, in the order of the file; empty lines are none."""
        path, _, column = expression.partition("#")
        try:
            with Path(path).open(encoding="utf-8-sig", newline="") as source:
                if column or path.lower().endswith(".csv"):
                    found = _column(source, column or parameter.name, path)
                else:
                    found = (line for line in source.read().splitlines() if line.strip())
                values = tuple(islice(found, limit))
        except (OSError, UnicodeDecodeError, csv.Error) as err:
            reason = err.strerror if isinstance(err, OSError) else str(err)
            text = f"file:{expression}"
            raise wrong(parameter, text, f"cannot be read: {reason}", _EXAMPLE) from err
        if not values:
            raise wrong(parameter, f"file:{expression}", "has no value in it", _EXAMPLE)
        return values


def _column(source: TextIO, column: str, path: str) -> Iterator[str]:
    rows = csv.DictReader(source)
    names = rows.fieldnames or ()
    if column not in names:
        raise UsageError(
            f'{path} has no column "{column}" (has: {", ".join(names) or "none"})',
            hint=f"name one: file:{path}#COLUMN",
        )
    return (row[column] or "" for row in rows)
