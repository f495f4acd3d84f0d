"""What a command declares: arguments and options, with types, choices and names of values.

Built on cleo's own classes, so a definition is an ordinary cleo definition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleo.exceptions import CleoLogicError
from cleo.io.inputs.argument import Argument as CleoArgument
from cleo.io.inputs.definition import Definition as CleoDefinition
from cleo.io.inputs.option import Option as CleoOption

from outrig.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Convert = Callable[[str], object]

_EXPECTED: dict[object, str] = {int: "a whole number", float: "a number"}


class Option(CleoOption):
    """An option; `value` is what its value is called in help, `None` for a flag.

    `also` are further long names of it. It is asked for by its first one.
    """

    def __init__(
        self,
        name: str,
        short: str | None,
        help: str,
        *,
        value: str | None,
        convert: Convert,
        choices: tuple[str, ...],
        default: object,
        repeat: bool,
        implied: str | None,
        hidden: bool,
        also: Sequence[str] = (),
    ) -> None:
        letters = [*([short] if short else []), *(one for one in also if len(one) == 1)]
        if repeat and isinstance(default, tuple):
            default = list(default)
        super().__init__(
            name,
            "|".join(letters) or None,
            flag=value is None,
            requires_value=implied is None,
            is_list=repeat,
            description=help,
            default=default,
        )
        self.value = value
        self.convert = convert
        self.choices = choices
        self.implied = implied
        self.hidden = hidden
        self.also = tuple(one for one in also if len(one) > 1)

    def without_shortcut(self) -> Option:
        """Return the same option with its long names only."""
        return Option(
            self.name,
            None,
            self.description,
            value=self.value,
            convert=self.convert,
            choices=self.choices,
            default=None if self.is_flag() else self.default,
            repeat=self.is_list(),
            implied=self.implied,
            hidden=self.hidden,
            also=self.also,
        )

    def read(self, text: str) -> object:
        """Return the value that `text` stands for; raises `UsageError`."""
        return _read(f"--{self.name}", text, self.convert, self.choices)


class Argument(CleoArgument):
    """A positional argument; the last one may take all remaining words (`repeat`)."""

    def __init__(
        self,
        name: str,
        help: str,
        *,
        required: bool,
        repeat: bool,
        convert: Convert,
        choices: tuple[str, ...],
        default: object,
    ) -> None:
        if repeat and isinstance(default, tuple):
            default = list(default)
        super().__init__(name, required=required, is_list=repeat, description=help, default=default)
        self.convert = convert
        self.choices = choices

    def read(self, text: str) -> object:
        """Return the value that `text` stands for; raises `UsageError`."""
        return _read(self.name.upper(), text, self.convert, self.choices)


class Definition(CleoDefinition):
    """cleo's definition, in which an option is found by each of its names."""

    def __init__(self) -> None:
        super().__init__()
        self._also: dict[str, str] = {}

    def add_option(self, option: CleoOption) -> None:
        """Add an option; raises cleo's logic error when one of its names is taken."""
        further = option.also if isinstance(option, Option) else ()
        for name in (option.name, *further):
            if self.has_option(name):
                raise CleoLogicError(f'An option named "{name}" already exists')
        super().add_option(option)
        self._also |= dict.fromkeys(further, option.name)

    def has_option(self, name: str) -> bool:
        """Tell whether an option has that long name."""
        return name in self._also or super().has_option(name)

    def option(self, name: str) -> CleoOption:
        """Return the option that has that long name."""
        return super().option(self._also.get(name, name))


def letters_of(option: CleoOption) -> tuple[str, ...]:
    """Return the short names of an option."""
    return tuple(option.shortcut.split("|")) if option.shortcut else ()


def long_names_of(option: CleoOption) -> tuple[str, ...]:
    """Return the long names of an option, the one it is asked for by first."""
    return (option.name, *(option.also if isinstance(option, Option) else ()))


def option(
    name: str,
    short: str | None = None,
    help: str = "",
    *,
    value: str | None = None,
    type: Convert = str,
    choices: Sequence[str] = (),
    default: object = None,
    repeat: bool = False,
    implied: str | None = None,
    hidden: bool = False,
    also: Sequence[str] = (),
) -> Option:
    """Declare `--name` (and `-short`).

    Without `value` it is a flag. With it, it takes a value, shown in help as `--name VALUE`;
    `type` turns the text into the value (a `ValueError` becomes a usage error), `choices` bounds
    it, `repeat` makes it a list, and `implied` makes the value optional: `--name` alone then means
    `--name=IMPLIED`, any other value must be joined by `=`. `also` are further names, those of one
    letter short ones: `option("volume", "v", also=("m", "mount"), …)`; a command asks for the
    option by the first.
    """
    if value is None and (choices or type is not str):
        value = name.rpartition("-")[2].upper()
    return Option(
        name,
        short,
        help,
        value=value,
        convert=type,
        choices=tuple(choices),
        default=default,
        repeat=repeat,
        implied=implied,
        hidden=hidden,
        also=also,
    )


def argument(
    name: str,
    help: str = "",
    *,
    required: bool = True,
    repeat: bool = False,
    type: Convert = str,
    choices: Sequence[str] = (),
    default: object = None,
) -> Argument:
    """Declare a positional argument; with `repeat` (only the last) it takes all further words."""
    return Argument(
        name,
        help,
        required=required and default is None,
        repeat=repeat,
        convert=type,
        choices=tuple(choices),
        default=default,
    )


def _read(what: str, text: str, convert: Convert, choices: tuple[str, ...]) -> object:
    if choices and text not in choices:
        raise UsageError(f"{what}: {text!r} is not one of {', '.join(choices)}")
    try:
        return convert(text)
    except (ValueError, ArithmeticError) as err:
        reason = _EXPECTED.get(convert)
        raise UsageError(f"{what}: {text!r} is not {reason}" if reason else f"{what}: {err}") from (
            err
        )
