"""Binding values to the parameters that a command, or a cluster file, declares."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import UsageError
from outrig.model.project import ParamType, Scalar
from outrig.project.problem import nearest, shown
from outrig.project.scalars import as_number, as_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrig.model.project import Command, Parameter

WILDCARD = "*"
_TYPE_WORDS = {ParamType.INT: "a whole number", ParamType.FLOAT: "a number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundValue:
    """One parameter's value: the text as typed, and what it means by the declared type.

    `wildcard` is set for `*`, which stands for every choice until `expand_wildcards`.
    """

    name: str
    text: str
    value: Scalar
    wildcard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterValues:
    """A checked value for every declared parameter, in the order of declaration."""

    bound: tuple[BoundValue, ...] = ()

    @property
    def wildcards(self) -> tuple[str, ...]:
        """The parameters that stand for every choice."""
        return tuple(one.name for one in self.bound if one.wildcard)

    def texts(self) -> dict[str, str]:
        """Return each value as it was typed, by name."""
        return {one.name: one.text for one in self.bound}

    def typed(self) -> dict[str, Scalar]:
        """Return each value by its declared type, by name."""
        return {one.name: one.value for one in self.bound}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One of the sessions that wildcards make; `suffix` goes behind the session's name."""

    values: ParameterValues
    suffix: str = ""


def bind(command: Command, given: Mapping[str, str]) -> ParameterValues:
    """Check the given texts against a command's parameters and fill in the defaults.

    Raises `UsageError` for a name the command does not have, a value of the wrong type or outside
    the choices, a `*` without choices, and a value that is missing.
    """
    return bind_parameters(f'command "{command.name}"', command.params, given)


def bind_parameters(
    owner: str, parameters: Sequence[Parameter], given: Mapping[str, str], option: str = "--param"
) -> ParameterValues:
    """Do what `bind` does for any list of parameters; `owner` and `option` are for messages."""
    known = {one.name: one for one in parameters}
    for name in given:
        if name not in known:
            raise _unknown(owner, name, tuple(known))
    missing = [name for name, one in known.items() if name not in given and one.default is None]
    if missing:
        raise _missing(owner, missing, option)
    return ParameterValues(
        bound=tuple(_bound(owner, one, tuple(known.values()), given) for one in known.values())
    )


def expand_wildcards(command: Command, values: ParameterValues) -> tuple[Case, ...]:
    """Make a case of every combination of the choices that `*` stands for; one without any `*`."""
    known = {one.name: one for one in command.params}
    names = values.wildcards
    parts = [_name_parts(known[name]) for name in names]
    cases = []
    for product in itertools.product(*(part.items() for part in parts)):
        chosen = {name: text for name, (text, _) in zip(names, product, strict=True)}
        bound = tuple(_settled(known[one.name], one, chosen) for one in values.bound)
        suffix = "".join(f"-{name}-{part}" for name, (_, part) in zip(names, product, strict=True))
        cases.append(Case(values=ParameterValues(bound=bound), suffix=suffix))
    return tuple(cases)


def _settled(one: Parameter, bound: BoundValue, chosen: Mapping[str, str]) -> BoundValue:
    text = chosen.get(one.name)
    if text is None:
        return bound
    return BoundValue(name=one.name, text=text, value=_converted(one, text))


def _name_parts(parameter: Parameter) -> dict[str, str]:
    """Return, for each choice, how it stands in a session's name, each differently.

    A name is a file's name and a pattern, so other characters than a few become `_`.
    """
    parts: dict[str, str] = {}
    for text in dict.fromkeys(_text_of(choice) for choice in parameter.choices):
        short = re.sub(r"[^\w.+=@-]+", "_", text)[:40] or "_"
        numbered = (f"{short}-{number}" for number in itertools.count(2))
        tries = itertools.chain([short], numbered)
        parts[text] = next(one for one in tries if one not in parts.values())
    return parts


def _bound(
    owner: str, one: Parameter, siblings: Sequence[Parameter], given: Mapping[str, str]
) -> BoundValue:
    if one.name not in given:
        default = "" if one.default is None else one.default
        return BoundValue(name=one.name, text=_text_of(default), value=default)
    text = given[one.name]
    if "\0" in text:
        raise UsageError(f"{owner}: --{one.name} has a NUL character, which no program can take")
    if text == WILDCARD:
        if not one.choices:
            raise _no_choices(owner, one, siblings)
        return BoundValue(name=one.name, text=text, value=text, wildcard=True)
    value = _checked(owner, one, text)
    if one.choices and not any(_same(value, choice) for choice in one.choices):
        raise UsageError(
            f"{owner}: --{one.name} {shown(text)} is not one of "
            f"{', '.join(_text_of(choice) for choice in one.choices)}",
            hint='or "*" for a session with each',
        )
    return BoundValue(name=one.name, text=text, value=value)


def _checked(owner: str, one: Parameter, text: str) -> Scalar:
    value = _converted(one, text)
    if isinstance(value, str) and one.type in _TYPE_WORDS:
        raise UsageError(
            f"{owner}: --{one.name} {shown(text)} is not {_TYPE_WORDS[one.type]}",
            hint=f"the parameter is declared with type: {one.type.value}" if one.type else None,
        )
    return value


def _converted(one: Parameter, text: str) -> Scalar:
    value: Scalar | None = None
    if one.type is ParamType.INT:
        value = as_whole(text)
    elif one.type is ParamType.FLOAT:
        value = as_number(text)
    return text if value is None else value


def _same(value: Scalar, choice: Scalar) -> bool:
    if isinstance(value, float) and isinstance(choice, float) and math.isnan(value):
        return math.isnan(choice)
    return value == choice


def _text_of(value: Scalar) -> str:
    return value if isinstance(value, str) else str(value)


def _missing(owner: str, names: Sequence[str], option: str) -> UsageError:
    first = names[0]
    how = [f"{option} {first}=VALUE"]
    if option == "--param":
        how.insert(0, f"--{first} VALUE")
    values = "a value" if len(names) == 1 else "values"
    return UsageError(
        f"{owner} needs {values} for {', '.join(names)}", hint=f"give {' or '.join(how)}"
    )


def _unknown(owner: str, name: str, known: Sequence[str]) -> UsageError:
    near = nearest(name, known)
    if near is not None:
        hint = f"did you mean {near}?"
    else:
        hint = f"it has {', '.join(known)}" if known else "it has no parameters"
    return UsageError(f"{owner} has no parameter {shown(name)}", hint=hint)


def _no_choices(owner: str, one: Parameter, siblings: Sequence[Parameter]) -> UsageError:
    able = [sibling.name for sibling in siblings if sibling.choices]
    hint = f"these have choices: {', '.join(able)}" if able else "no parameter here has choices"
    return UsageError(f'{owner}: "*" needs choices, which --{one.name} does not have', hint=hint)


def describe(parameter: Parameter) -> Iterator[str]:
    """Yield what `--help` and `project commands` say of a parameter: type, choices, default."""
    if parameter.type is not None:
        yield parameter.type.value
    if parameter.choices:
        yield f"one of {', '.join(_text_of(choice) for choice in parameter.choices)}"
    if parameter.default is None:
        yield "required"
    else:
        yield f"default {_text_of(parameter.default) or chr(34) * 2}"
