"""The contract of expanders: subclass it, give two fixtures, get the suite.

    class TestSquares(ExpanderContract):
        @pytest.fixture
        def expander(self):
            return Squares()

        @pytest.fixture
        def expressions(self):
            return {"1,2,3": ("1", "4", "9")}

`expressions` maps what a user writes after the prefix to the values it stands for. `wrong`, if
given, lists expressions that are to be refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.errors import OutrigError, UsageError
from outrig.model.project import Parameter
from outrig.testing.memory import MemoryContext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrig.interfaces import Expander

LIMIT = 1000
HOSTILE = (
    "",
    " ",
    "*",
    ",",
    "-",
    "9" * 400,
    "1e999",
    "nan,inf",
    "\N{SNOWMAN}",
    "a\nb",
    "\x1b[31m",
    "../../etc/passwd",
    "'\"`$(id)",
    "0,1," + "9" * 30,
    "1," * 20_000,
)


class ExpanderContract:
    """What every expander promises."""

    @pytest.fixture
    def parameter(self) -> Parameter:
        """The parameter that is given values."""
        return Parameter(name="lr")

    @pytest.fixture
    def wrong(self) -> Sequence[str]:
        """Expressions that stand for nothing."""
        return ()

    def test_expressions_stand_for_their_values(
        self,
        expander: Expander,
        expressions: Mapping[str, Sequence[str]],
        parameter: Parameter,
    ) -> None:
        for text, values in expressions.items():
            assert expand(expander, text, parameter) == tuple(values), text

    def test_the_same_expression_gives_the_same_values(
        self,
        expander: Expander,
        expressions: Mapping[str, Sequence[str]],
        parameter: Parameter,
    ) -> None:
        """A sweep that is resumed is the sweep that was started."""
        for text in expressions:
            assert expand(expander, text, parameter) == expand(expander, text, parameter)

    def test_there_are_at_most_as_many_values_as_wanted(
        self,
        expander: Expander,
        expressions: Mapping[str, Sequence[str]],
        parameter: Parameter,
    ) -> None:
        for text, values in expressions.items():
            assert expand(expander, text, parameter, 1) == tuple(values)[:1], text

    def test_what_is_wrong_is_one_line(
        self, expander: Expander, wrong: Sequence[str], parameter: Parameter
    ) -> None:
        for text in wrong:
            with pytest.raises(UsageError) as caught:
                expand(expander, text, parameter)
            assert "\n" not in str(caught.value), text

    @pytest.mark.parametrize("number", range(len(HOSTILE)))
    def test_anything_may_be_written(
        self, expander: Expander, parameter: Parameter, number: int
    ) -> None:
        """Values, or an error with one line; never another exception, never without end."""
        try:
            expand(expander, HOSTILE[number], parameter)
        except OutrigError as err:
            assert str(err)


def expand(
    expander: Expander, text: str, parameter: Parameter, limit: int = LIMIT
) -> tuple[str, ...]:
    """Expand an expression and look at the form of the answer."""
    found: tuple[str, ...] = expander.expand_params(text, parameter, limit, MemoryContext())  # type: ignore[attr-defined]
    assert isinstance(found, tuple)
    assert all(isinstance(one, str) for one in found)
    assert len(found) <= limit
    return found
