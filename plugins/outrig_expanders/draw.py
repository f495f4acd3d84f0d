"""`random:N,uniform(0,1)`: values drawn at random, the same ones every time."""

from __future__ import annotations

import re
from decimal import Decimal
from math import exp, isfinite, log
from random import Random
from typing import TYPE_CHECKING

from outrig.api import Expander
from outrig_expanders.reading import plain, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig.api import Context, Parameter

    Draw = Callable[[], float]

_EXAMPLE = "random:10,uniform(0,1) or random:10,loguniform(1e-5,1e-1),seed=7"
_FORM = re.compile(r"\s*(\d{1,9})\s*,\s*([a-z]+)\(([^()]*)\)\s*(?:,\s*seed\s*=\s*(-?\d+)\s*)?")
_ENDS = ("uniform", "loguniform", "randint", "normal")


class RandomExpander(Expander):
    """`random:COUNT,DISTRIBUTION(…)[,seed=N]`.

    Distributions are `uniform(low,high)`, `loguniform(low,high)`, `normal(mean,deviation)`,
    `randint(low,high)` with both ends, and `choice(a,b,c)`. The values depend on the seed (0
    unless it is given) and on the parameter's name, so a sweep that is started again is the same.
    """

    summary = "random:count,uniform(low,high)"

    def expand_params(
        self, expression: str, parameter: Parameter, limit: int, context: Context
    ) -> tuple[str, ...]:
        """Return the values drawn."""
        found = _FORM.fullmatch(expression)
        if found is None:
            text = f"random:{expression}"
            raise wrong(parameter, text, "is not COUNT,DISTRIBUTION(…)[,seed=N]", _EXAMPLE)
        count, kind, inside, seed = found.groups()
        if int(count) == 0:
            raise wrong(parameter, f"random:{expression}", "has no value in it", _EXAMPLE)
        draws = Random(f"{seed or 0}/{parameter.name}")  # noqa: S311 - no secrets are made of it
        how_many = min(int(count), limit)
        if kind == "choice":
            words = inside.split(",")
            return tuple(draws.choice(words) for _ in range(how_many))
        draw = _draw(draws, kind, inside, expression, parameter)
        return tuple(plain(Decimal(f"{draw():.10g}")) for _ in range(how_many))


def _draw(draws: Random, kind: str, inside: str, expression: str, parameter: Parameter) -> Draw:
    text = f"random:{expression}"
    if kind not in _ENDS:
        known = ", ".join((*_ENDS, "choice"))
        raise wrong(parameter, text, f"{kind} is not one of {known}", _EXAMPLE)
    low, high = _two(inside.split(","), text, parameter)
    if kind != "normal" and low > high:
        raise wrong(parameter, text, "begins above its end", _EXAMPLE)
    if kind == "randint":
        if low != int(low) or high != int(high):
            raise wrong(parameter, text, "wants whole numbers", _EXAMPLE)
        return lambda: draws.randint(int(low), int(high))
    if kind == "loguniform":
        if low <= 0:
            raise wrong(parameter, text, "wants numbers above 0", _EXAMPLE)
        return lambda: exp(draws.uniform(log(low), log(high)))
    return lambda: draws.normalvariate(low, high) if kind == "normal" else draws.uniform(low, high)


def _two(words: Sequence[str], text: str, parameter: Parameter) -> tuple[float, float]:
    try:
        low, high = (float(word) for word in words)
    except ValueError as err:
        raise wrong(parameter, text, "wants two numbers", _EXAMPLE) from err
    if not (isfinite(low) and isfinite(high)):
        raise wrong(parameter, text, "wants two numbers", _EXAMPLE)
    return low, high
