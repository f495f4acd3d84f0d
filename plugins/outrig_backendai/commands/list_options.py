"""The options that lists share."""

from __future__ import annotations

from outrig.api import option

FILTER = option(
    "filter",
    None,
    """only those that fit: 'name like "train-%" & status == "RUNNING"'""",
    value="EXPRESSION",
)
ORDER = option("order", None, "sort by fields: name,-created_at (- is downwards)", value="FIELDS")
OFFSET = option("offset", None, "begin after so many", value="NUMBER", type=int, default=0)
LIMIT = option("limit", None, "show at most so many", value="NUMBER", type=int)

PAGED = (FILTER, ORDER, OFFSET, LIMIT)
