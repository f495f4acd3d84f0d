from __future__ import annotations

import pytest

from outrig.errors import UsageError
from outrig.model.project import Command, Parameter, ParamType
from outrig.project.parameters import bind, describe, expand_wildcards

TRAIN = Command(
    name="train",
    command="train {{lr}} {{data}} {{model}} {{n}}",
    params=(
        Parameter(name="lr", type=ParamType.FLOAT, default=0.1),
        Parameter(name="data"),
        Parameter(name="model", choices=("small", "large"), default="small"),
        Parameter(name="n", type=ParamType.INT, choices=(1, 2), default=1),
    ),
)


def test_given_values_are_typed_and_defaults_filled_in() -> None:
    values = bind(TRAIN, {"lr": "1e-4", "data": "a b", "n": "+2"})
    assert values.typed() == {"lr": 1e-4, "data": "a b", "model": "small", "n": 2}
    assert values.texts() == {"lr": "1e-4", "data": "a b", "model": "small", "n": "+2"}
    assert values.wildcards == ()


@pytest.mark.parametrize(
    "text", ["", "-1", "-", "--", "a b", "'", '"', "$HOME", "a\nb", "🚀", "=x"]
)
def test_any_text_is_a_value_of_an_untyped_parameter(text: str) -> None:
    assert bind(TRAIN, {"data": text}).texts()["data"] == text


@pytest.mark.parametrize("text", ["-1", ".5", "1.", "inf", "-1e5"])
def test_numbers_may_be_negative(text: str) -> None:
    assert bind(TRAIN, {"data": "", "lr": text}).typed()["lr"] == float(text)


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({}, 'command "train" needs a value for data', "give --data VALUE or --param data=VALUE"),
        (
            {"data": "x", "lr": "fast"},
            'command "train": --lr "fast" is not a number',
            "the parameter is declared with type: float",
        ),
        (
            {"data": "x", "n": "1.5"},
            'command "train": --n "1.5" is not a whole number',
            "the parameter is declared with type: int",
        ),
        (
            {"data": "x", "n": "3"},
            'command "train": --n "3" is not one of 1, 2',
            'or "*" for a session with each',
        ),
        (
            {"data": "x", "modle": "y"},
            'command "train" has no parameter "modle"',
            "did you mean model?",
        ),
        (
            {"data": "*"},
            'command "train": "*" needs choices, which --data does not have',
            "these have choices: model, n",
        ),
        (
            {"data": "a\0b"},
            'command "train": --data has a NUL character, which no program can take',
            None,
        ),
        (
            {"data": "x", "n": "9" * 5000},
            f'command "train": --n "{"9" * 59}…" is not a whole number',
            "the parameter is declared with type: int",
        ),
    ],
)
def test_what_is_wrong_is_one_exact_line(
    given: dict[str, str], message: str, hint: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        bind(TRAIN, given)
    assert (str(caught.value), caught.value.hint) == (message, hint)
    assert caught.value.exit_code == 2


def test_all_missing_values_are_named() -> None:
    command = Command(name="t", command="", params=(Parameter(name="a"), Parameter(name="b")))
    with pytest.raises(UsageError, match=r'^command "t" needs values for a, b$'):
        bind(command, {})


def test_choices_are_compared_after_conversion() -> None:
    command = Command(
        name="t",
        command="",
        params=(Parameter(name="x", type=ParamType.FLOAT, choices=(0.1, 1.0)),),
    )
    assert bind(command, {"x": "1"}).texts() == {"x": "1"}


def test_one_wildcard_makes_a_case_per_choice() -> None:
    cases = expand_wildcards(TRAIN, bind(TRAIN, {"data": "d", "model": "*"}))
    assert [case.suffix for case in cases] == ["-model-small", "-model-large"]
    assert [case.values.texts()["model"] for case in cases] == ["small", "large"]
    assert all(case.values.texts()["data"] == "d" for case in cases)


def test_several_wildcards_make_the_product() -> None:
    cases = expand_wildcards(TRAIN, bind(TRAIN, {"data": "d", "model": "*", "n": "*"}))
    assert [case.suffix for case in cases] == [
        "-model-small-n-1",
        "-model-small-n-2",
        "-model-large-n-1",
        "-model-large-n-2",
    ]
    assert cases[3].values.typed()["n"] == 2
    assert not any(case.values.wildcards for case in cases)


def test_no_wildcard_is_one_case_without_a_suffix() -> None:
    values = bind(TRAIN, {"data": "d"})
    (case,) = expand_wildcards(TRAIN, values)
    assert (case.suffix, case.values) == ("", values)


def test_a_suffix_is_fit_for_a_name_and_different_for_each_case() -> None:
    choices = ("a/b", "a b", "", "x" * 100, "x" * 101, "🚀", "ok")
    command = Command(name="t", command="", params=(Parameter(name="p", choices=choices),))
    suffixes = [case.suffix for case in expand_wildcards(command, bind(command, {"p": "*"}))]
    assert len(set(suffixes)) == len(choices)
    assert all("/" not in suffix and " " not in suffix for suffix in suffixes)
    assert suffixes[-1] == "-p-ok"


def test_a_parameter_is_described_by_type_choices_and_default() -> None:
    assert [", ".join(describe(one)) for one in TRAIN.params] == [
        "float, default 0.1",
        "required",
        "one of small, large, default small",
        "int, one of 1, 2, default 1",
    ]
