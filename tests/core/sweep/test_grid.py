"""How values are put together to cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.errors import PluginError, UsageError
from outrig.model.project import Command, Parameter, ParamType
from outrig.plugins import Hooks
from outrig.sweep.grid import Grid, GridOptions, expression_of, make_grid

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.fixtures import PluginMaker

TRAIN = Command(
    name="train",
    command="",
    params=(
        Parameter(name="lr", type=ParamType.FLOAT, default=0.1),
        Parameter(name="seed", type=ParamType.INT, default=0),
        Parameter(name="opt", choices=("adam", "sgd"), default="adam"),
        Parameter(name="data", default=""),
    ),
)
KNOWN = ("case", "linspace", "range")


def grid(options: GridOptions | None = None, **given: str) -> Grid:
    return make_grid(Hooks(), TRAIN, given, options or GridOptions())


def test_every_combination_is_a_case_the_first_parameter_slowest() -> None:
    made = grid(lr="case:1,2", seed="range:2", data="x")
    assert made.names == ("lr", "seed")
    assert made.rows == (("1", "0"), ("1", "1"), ("2", "0"), ("2", "1"))
    assert made.fixed == {"data": "x"}


def test_a_star_stands_for_every_choice() -> None:
    assert grid(opt="*", seed="case:7").rows == (("adam", "7"), ("sgd", "7"))


def test_zipped_parameters_vary_together() -> None:
    made = grid(GridOptions(together=("lr,seed",)), lr="case:1,2", seed="range:2", opt="*")
    assert made.rows == (
        ("1", "0", "adam"),
        ("1", "0", "sgd"),
        ("2", "1", "adam"),
        ("2", "1", "sgd"),
    )
    with pytest.raises(
        UsageError, match=r"as many values are wanted of each .there are lr 2, seed 3"
    ):
        grid(GridOptions(together=("lr,seed",)), lr="case:1,2", seed="range:3")
    with pytest.raises(UsageError, match='"opt" does not vary'):
        grid(GridOptions(together=("lr,opt",)), lr="case:1,2")


def test_cases_are_excluded_by_number_or_pattern() -> None:
    made = grid(
        GridOptions(exclude=("lr=1.0,seed=0", "opt=s*")), lr="case:1,2", seed="range:2", opt="*"
    )
    assert made.rows == (("1", "1", "adam"), ("2", "0", "adam"), ("2", "1", "adam"))
    with pytest.raises(UsageError, match="no case is left"):
        grid(GridOptions(exclude=("lr=*",)), lr="case:1,2")
    with pytest.raises(UsageError, match='"seed" does not vary'):
        grid(GridOptions(exclude=("seed=1",)), lr="case:1,2")
    with pytest.raises(UsageError, match="is not NAME=VALUE"):
        grid(GridOptions(exclude=("lr",)), lr="case:1,2")


def test_a_limit_keeps_the_first_cases_of_however_many() -> None:
    assert len(grid(GridOptions(limit=3), lr="range:1000", seed="range:1000").rows) == 3
    with pytest.raises(UsageError, match="this makes 1000000 cases, more than 100000"):
        grid(lr="range:1000", seed="range:1000")
    with pytest.raises(UsageError, match="stands for more than 100000 values"):
        grid(lr="range:1000000")


def test_rows_of_a_table_are_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trials.csv").write_text("lr,seed\n1,10\n2,20\n")
    assert grid(GridOptions(trials=("trials.csv",))).rows == (("1", "10"), ("2", "20"))
    assert grid(lr="@trials.csv", seed="@trials.csv").rows == (("1", "10"), ("2", "20"))
    assert grid(seed="@trials.csv", opt="*").rows[:2] == (("adam", "10"), ("adam", "20"))
    with pytest.raises(UsageError, match='"lr" is given twice'):
        grid(GridOptions(trials=("trials.csv",)), lr="case:1,2")
    (tmp_path / "other.csv").write_text("depth\n1\n")
    with pytest.raises(UsageError, match='column "depth" is no parameter of "train"'):
        grid(GridOptions(trials=("other.csv",)))
    (tmp_path / "ragged.csv").write_text("lr,seed\n1\n")
    with pytest.raises(UsageError, match=r"ragged.csv:2: 1 values for 2 columns"):
        grid(GridOptions(trials=("ragged.csv",)))
    for name, text in (("empty.csv", ""), ("header.csv", "lr\n")):
        (tmp_path / name).write_text(text)
        with pytest.raises(UsageError, match="has no case"):
            grid(GridOptions(trials=(name,)))
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        grid(lr="@nowhere.csv")


@pytest.mark.parametrize("text", ["s3://bucket/key", "12:30", "note: hi", "C:\\x", "a:b", "file"])
def test_ordinary_texts_with_a_colon_are_no_expressions(text: str) -> None:
    assert expression_of(text, KNOWN, is_text=True) is None


def test_an_unknown_prefix_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match="there are: case, linspace, range") as caught:
        expression_of("foo:1,2", KNOWN, is_text=False)
    assert caught.value.hint == "to give it as it is: text:…"
    with pytest.raises(UsageError) as caught:
        expression_of("linspac:1,2,3", KNOWN, is_text=True)
    assert caught.value.hint == 'did you mean "linspace:"?'


EXPANDER = """
import itertools
from outrig.api import Expander

class Mine(Expander):
    def expand_params(self, expression, parameter, limit, context):
        {}
"""


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("raise ValueError('no such thing')", "failed in expand_params: ValueError: no such thing"),
        ("yield from itertools.count()", "answered expand_params with generator, not a tuple"),
        ("return tuple(map(str, range(1000000)))", "stands for more than 100000 values"),
        ("return tuple(itertools.count())", "failed in expand_params|did not answer"),
        ("return tuple(range(3))", "not a tuple of str"),
        ("return ()", "stands for no value"),
        ("import os; os._exit(3)", "ended without an answer"),
        ("return None", "gave no answer to expand_params"),
    ],
)
def test_a_strangers_expander_that_goes_wrong_is_one_line(
    plugins: PluginMaker, body: str, says: str
) -> None:
    plugins(
        "mine",
        entry_points={"outrig.expanders": {"mine": "mine:Mine"}},
        files={"mine.py": EXPANDER.format(body)},
    )
    with pytest.raises((PluginError, UsageError), match=says) as caught:
        grid(data="mine:1")
    assert "\n" not in str(caught.value)


def test_a_strangers_expander_works(plugins: PluginMaker) -> None:
    plugins(
        "mine",
        entry_points={"outrig.expanders": {"mine": "mine:Mine"}},
        files={"mine.py": EXPANDER.format("return tuple(expression * 2)")},
    )
    assert grid(data="mine:ab").rows == (("a",), ("b",), ("a",), ("b",))
