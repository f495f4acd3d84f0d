"""Reading the numbers of an expression, and writing numbers as values."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from outrig.errors import UsageError

if TYPE_CHECKING:
    from outrig.api import Parameter


def wrong(parameter: Parameter, text: str, reason: str, example: str) -> UsageError:
    """Return the error for an expression, prefix and all, that does not say what it must."""
    return UsageError(f'--{parameter.name} "{text}": {reason}', hint=f"as in {example}")


def decimal(word: str) -> Decimal | None:
    """Return a finite number exactly as it was written, `None` for anything else."""
    try:
        number = Decimal(word.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def plain(number: Decimal) -> str:
    """Write a number as people do: no zeros at its end, an exponent only where it is shorter."""
    number = number.normalize()
    if number == 0:
        return "0"
    exponent = number.adjusted()
    if -5 <= exponent < 16:
        return f"{number:f}"
    digits = "".join(map(str, number.as_tuple().digits))
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{'-' if number < 0 else ''}{mantissa}e{exponent}"
