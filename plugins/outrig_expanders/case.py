"""`case:a,b,c`: the words between the commas, as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Expander

if TYPE_CHECKING:
    from outrig.api import Context, Parameter


class CaseExpander(Expander):
    """`case:64,128`. Nothing is trimmed; `case:` is one empty text."""

    summary = "case:a,b,c"

    def expand_params(
        self, expression: str, parameter: Parameter, limit: int, context: Context
    ) -> tuple[str, ...]:
        """Return the words."""
        return tuple(expression.split(",", limit)[:limit])


class TextExpander(Expander):
    """`text:range:3` is the one value `range:3`, for texts that look like an expression."""

    summary = "text:anything, one value as it is"

    def expand_params(
        self, expression: str, parameter: Parameter, limit: int, context: Context
    ) -> tuple[str, ...]:
        """Return the text."""
        return (expression,)
