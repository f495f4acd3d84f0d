"""Range expressions of `bai run`, and the cases they make."""

from __future__ import annotations

import pytest

from outrig.api import Outrig
from outrig.errors import UsageError
from outrig_backendai.execution.cases import Ranges, combine
from outrig_backendai.execution.ranges import Range, interpolate, read_ranges

WRONG = [
    (("X",), '--env-range "X" is not VARIABLE=EXPRESSION'),
    (("=case:1",), '"" cannot name a variable'),
    (("1X=case:1",), '"1X" cannot name a variable'),
    (("X=1,2",), 'X: "1,2" is no range expression (they begin with case:'),
    (("X=zzz:1,2",), 'X: "zzz:1,2" is no range expression'),
    (("X=rnage:1,2",), 'no expander is called "rnage"'),
    (("X=range:5,1",), '--env-range X "range:5,1": has no value in it'),
    (("X=range:1,5,0",), "has a step of 0"),
    (("X=range:1,2,3,4",), "has more than three numbers"),
    (("X=range:1.5,2",), "wants whole numbers"),
    (("X=linspace:1,2,1",), "wants a count of at least 2"),
    (("X=linspace:1,2",), "wants first, last and count"),
    (("X=linspace:a,b,3",), "wants numbers"),
    (("X=case:1", "X=case:2"), "X is given twice"),
]


@pytest.fixture(scope="module")
def outrig(tmp_path_factory: pytest.TempPathFactory) -> Outrig:
    return Outrig(state_directory=str(tmp_path_factory.mktemp("state")))


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("case:1,2,3,4", ("1", "2", "3", "4")),
        ("case:a b, c,", ("a b", " c", "")),
        ("case:", ("",)),
        ("linspace:1,2,3", ("1", "1.5", "2")),
        ("linspace:1,0,2", ("1", "0")),
        ("range:1,6,2", ("1", "3", "5")),
        ("range:3", ("0", "1", "2")),
        ("range:3,0,-1", ("3", "2", "1")),
        ("case:x=1:2", ("x=1:2",)),
    ],
)
def test_expressions_stand_for_values(
    outrig: Outrig, expression: str, values: tuple[str, ...]
) -> None:
    found = read_ranges(outrig, "env-range", [f"X={expression}"])

    assert found == (Range(name="X", values=values),)


@pytest.mark.parametrize(("texts", "message"), WRONG)
def test_what_is_wrong_with_a_range_is_one_line(
    outrig: Outrig, texts: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read_ranges(outrig, "env-range", texts)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$X", "1"),
        ("${X}/$X", "1/1"),
        ("$$X is $X", "$X is 1"),
        ("$Xs $HOME ${HOME} $$ $1 $", "$Xs $HOME ${HOME} $$ $1 $"),
        ("$$HOME", "$$HOME"),
        ("100%", "100%"),
    ],
)
def test_only_what_a_range_defines_is_put_in(text: str, expected: str) -> None:
    assert interpolate(text, {"X": "1"}) == expected


def test_all_combinations_run_and_the_first_range_varies_slowest() -> None:
    ranges = Ranges(
        env=(Range(name="X", values=("1", "2")),),
        build=(Range(name="B", values=("b",)),),
        exec=(Range(name="E", values=("u", "v")),),
    )

    cases = combine(ranges, {"A": "$X$E"}, "make $B $X", "run $E $X")

    assert [one.label for one in cases] == [
        "X=1 B=b E=u",
        "X=1 B=b E=v",
        "X=2 B=b E=u",
        "X=2 B=b E=v",
    ]
    assert [one.number for one in cases] == [0, 1, 2, 3]
    assert cases[1].environ == {"A": "1$E"}
    assert cases[1].build == "make b $X"
    assert cases[3].exec == "run v $X"


def test_equal_combinations_run_each() -> None:
    ranges = Ranges(env=(Range(name="X", values=("1", "1")),))

    cases = combine(ranges, {"A": "same"}, None, None)

    assert [(one.environ, one.build, one.exec) for one in cases] == [
        ({"A": "same"}, None, None)
    ] * 2


def test_without_ranges_all_is_as_it_was_given() -> None:
    (case,) = combine(Ranges(), {"A": "$HOME"}, None, "echo $$ $HOME")

    assert (case.environ, case.exec, case.label) == ({"A": "$HOME"}, "echo $$ $HOME", "")


def test_too_many_combinations_are_refused() -> None:
    many = tuple(str(number) for number in range(200))
    ranges = Ranges(env=(Range(name="X", values=many), Range(name="Y", values=many)))

    with pytest.raises(UsageError, match="these ranges make 40000 cases, more than 10000"):
        combine(ranges, {}, None, None)
