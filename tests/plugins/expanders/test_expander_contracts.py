"""The expanders that come with Outrig keep the contract of expanders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.testing.expanders import ExpanderContract
from outrig_expanders.case import CaseExpander, TextExpander
from outrig_expanders.draw import RandomExpander
from outrig_expanders.steps import LinspaceExpander, LogExpander, RangeExpander

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrig.api import Expander

CASES: dict[str, tuple[Expander, Mapping[str, Sequence[str]], Sequence[str]]] = {
    "case": (CaseExpander(), {"a,b,c": ("a", "b", "c"), "": ("",)}, ()),
    "text": (TextExpander(), {"range:3": ("range:3",)}, ()),
    "range": (RangeExpander(), {"3": ("0", "1", "2")}, ("x", "")),
    "linspace": (LinspaceExpander(), {}, ("x", "1,2", "")),
    "log": (LogExpander(), {}, ("x", "")),
    "random": (RandomExpander(), {}, ("x", "3,nonsense(1)", "")),
}


@pytest.mark.parametrize("prefix", CASES)
class TestExpanders(ExpanderContract):
    """The contract, for each."""

    @pytest.fixture
    def expander(self, prefix: str) -> Expander:
        return CASES[prefix][0]

    @pytest.fixture
    def expressions(self, prefix: str) -> Mapping[str, Sequence[str]]:
        return CASES[prefix][1]

    @pytest.fixture
    def wrong(self, prefix: str) -> Sequence[str]:
        return CASES[prefix][2]
