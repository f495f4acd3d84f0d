"""Numbers at equal steps: `range:`, `linspace:` and `log:`."""

from __future__ import annotations

from decimal import Decimal, localcontext
from itertools import islice
from typing import TYPE_CHECKING

from outrig.api import Expander
from outrig_expanders.reading import decimal, plain, wrong

if TYPE_CHECKING:
    from outrig.api import Context, Parameter

_DIGITS = 12
"""Of what a computation gives, so many digits count: 0.1 stays 0.1."""


class RangeExpander(Expander):
    """`range:STOP`, `range:START,STOP` or `range:START,STOP,STEP`, as Python's `range`."""

    summary = "range:start,stop,step"

    def expand_params(
        self, expression: str, parameter: Parameter, limit: int, context: Context
    ) -> tuple[str, ...]:
        """Return the whole numbers from START up to, but without, STOP."""
        text, example = f"range:{expression}", "range:0,5 or range:0,10,2"
        words = expression.split(",")
        try:
            numbers = [int(word) for word in words]
        except ValueError as err:
            raise wrong(parameter, text, "wants whole numbers", example) from err
        if len(numbers) > 3:
            raise wrong(parameter, text, "has more than three numbers", example)
        if len(numbers) == 3 and numbers[2] == 0:
            raise wrong(parameter, text, "has a step of 0", example)
        values = range(*numbers)
        if not values:
            raise wrong(parameter, text, "has no value in it", example)
        return tuple(str(one) for one in islice(values, limit))


class LinspaceExpander(Expander):
    """`linspace:FIRST,LAST,COUNT`: so many numbers at equal distances, both ends included."""

    summary = "linspace:first,last,count"

    def expand_params(
        self, expression: str, parameter: Parameter, limit: int, context: Context
    ) -> tuple[str, ...]:
        """Return the numbers, in the order of the ends."""
        first, last, count = _ends("linspace", expression, parameter)
        with localcontext() as precise:
            precise.prec = 40
            rest = count - 1
            numbers = [
                (first * (rest - place) + last * place) / rest for place in range(min(count, limit))
            ]
        return tuple(plain(_rounded(one)) for one in numbers)


class LogExpander(Expander):
    """`log:FIRST,LAST,COUNT`: so many numbers of which each is the same multiple of the last."""

    summary = "log:first,last,count"

    def expand_params(
        self, expression: str, parameter: Parameter, limit: int, context: Context
    ) -> tuple[str, ...]:
        """Return the numbers, in the order of the ends."""
        first, last, count = _ends("log", expression, parameter)
        if first <= 0 or last <= 0:
            text = f"log:{expression}"
            raise wrong(parameter, text, "wants numbers above 0", "log:1e-5,1e-1,5")
        with localcontext() as precise:
            precise.prec = 40
            step = (last.ln() - first.ln()) / (count - 1)
            numbers = [first * (step * place).exp() for place in range(min(count, limit))]
        return tuple(plain(_rounded(one)) for one in numbers)


def _ends(prefix: str, expression: str, parameter: Parameter) -> tuple[Decimal, Decimal, int]:
    text, example = f"{prefix}:{expression}", f"{prefix}:1,2,3"
    words = expression.split(",")
    if len(words) != 3:
        raise wrong(parameter, text, "wants first, last and count", example)
    first, last, count = decimal(words[0]), decimal(words[1]), decimal(words[2])
    if first is None or last is None or count is None:
        raise wrong(parameter, text, "wants numbers", example)
    if count != int(count) or not 2 <= count <= 10**9:
        raise wrong(parameter, text, "wants a count of at least 2", example)
    return first, last, int(count)


def _rounded(number: Decimal) -> Decimal:
    if number == 0:
        return Decimal(0)
    return round(number, _DIGITS - 1 - number.adjusted())
