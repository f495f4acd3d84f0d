"""What each kind of expression stands for, and what is wrong with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.errors import UsageError
from outrig.model.project import Parameter
from outrig.plugins import Hooks
from outrig.plugins.kinds import Kind
from outrig.sweep.expansion import expand

if TYPE_CHECKING:
    from pathlib import Path

LR = Parameter(name="lr")


def values(text: str, parameter: Parameter = LR, limit: int = 1000) -> tuple[str, ...]:
    prefix, _, expression = text.partition(":")
    return expand(Hooks(), prefix, expression, parameter, limit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("case:64,128", ["64", "128"]),
        ("case:", [""]),
        ("case: a,,b ", [" a", "", "b "]),
        ("text:case:1,2", ["case:1,2"]),
        ("range:3", ["0", "1", "2"]),
        ("range:0,5", ["0", "1", "2", "3", "4"]),
        ("range:5,0,-2", ["5", "3", "1"]),
        ("linspace:1,2,3", ["1", "1.5", "2"]),
        ("linspace:0.1,0.5,5", ["0.1", "0.2", "0.3", "0.4", "0.5"]),
        ("linspace:1,0,4", ["1", "0.666666666667", "0.333333333333", "0"]),
        ("log:1e-5,1e-1,5", ["0.00001", "0.0001", "0.001", "0.01", "0.1"]),
        ("log:1,1e-20,2", ["1", "1e-20"]),
        ("random:3,choice(a)", ["a", "a", "a"]),
    ],
)
def test_an_expression_stands_for_these_values(text: str, expected: list[str]) -> None:
    assert list(values(text)) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("range:0.5", "wants whole numbers"),
        ("range:1,2,0", "has a step of 0"),
        ("range:5,1", "has no value in it"),
        ("range:1,2,3,4", "more than three numbers"),
        ("range:", "wants whole numbers"),
        ("linspace:1,2", "wants first, last and count"),
        ("linspace:1,2,1", "a count of at least 2"),
        ("linspace:a,2,3", "wants numbers"),
        ("linspace:0,inf,3", "wants numbers"),
        ("linspace:0,1,2.5", "a count of at least 2"),
        ("log:0,1,3", "wants numbers above 0"),
        ("random:3", "is not COUNT,DISTRIBUTION"),
        ("random:0,uniform(0,1)", "has no value in it"),
        ("random:3,gauss(0,1)", "gauss is not one of"),
        ("random:3,uniform(1,0)", "begins above its end"),
        ("random:3,uniform(1)", "wants two numbers"),
        ("random:3,randint(0.5,2)", "wants whole numbers"),
        ("random:3,loguniform(0,2)", "wants numbers above 0"),
        ("file:nowhere.csv#lr", "cannot be read: No such file"),
    ],
)
def test_a_wrong_expression_is_one_line_with_an_example(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        values(text)
    assert "\n" not in str(caught.value)
    assert caught.value.hint is not None
    assert f'--lr "{text}"' in str(caught.value)


def test_more_values_than_wanted_are_not_made() -> None:
    assert len(values("range:1000000000", limit=10)) == 10
    assert len(values("linspace:0,1,1000000000", limit=10)) == 10
    assert len(values("random:999999999,uniform(0,1)", limit=10)) == 10


def test_random_values_are_the_same_each_time_and_differ_by_seed_and_name() -> None:
    drawn = values("random:5,uniform(0,1)")
    assert drawn == values("random:5,uniform(0,1),seed=0")
    assert drawn != values("random:5,uniform(0,1),seed=1")
    assert drawn != values("random:5,uniform(0,1)", Parameter(name="other"))
    assert all(0 <= float(one) <= 1 for one in drawn)
    assert all(1e-5 <= float(one) <= 1e-1 for one in values("random:50,loguniform(1e-5,1e-1)"))
    assert {*values("random:50,randint(1,3)")} == {"1", "2", "3"}
    assert len({*values("random:50,normal(0,1)")}) == 50


def test_values_come_out_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b.csv").write_text('\ufefflr,seed\n0.1,1\n"0,2",2\n', encoding="utf-8")
    (tmp_path / "lines.txt").write_text("one\n\ntwo words\n")
    assert values("file:a b.csv#seed") == ("1", "2")
    assert values("file:a b.csv") == ("0.1", "0,2")
    assert values("file:lines.txt") == ("one", "two words")
    with pytest.raises(UsageError, match=r'has no column "depth" .has: lr, seed.'):
        values("file:a b.csv#depth")
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(UsageError, match="has no value in it"):
        values("file:empty.txt")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="cannot be read"):
        values("file:bytes.txt")


def test_the_expanders_are_plugins_like_any_other() -> None:
    names = [one.name for one in Hooks().catalogue.entries(Kind.EXPANDER)]
    assert names == ["case", "file", "linspace", "log", "random", "range", "text"]
