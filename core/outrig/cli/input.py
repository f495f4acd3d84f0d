"""Our own reading of a command's words, bound to cleo's definition.

cleo's reader takes `session -v run t` for another command, refuses `--lr -1` and eats `-la` of
`exec ls -la` (https://github.com/python-poetry/cleo/issues/292; what working around it costs:
https://github.com/python-poetry/poetry/pull/10067), so it is not used. The rules here are getopt's:
an option that takes a value takes the next word, whatever it looks like, unless that is exactly one
of our options.
"""

from __future__ import annotations

from contextlib import suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING

from cleo.io.inputs.input import Input

from outrig.cli.definition import Argument, Option, letters_of, long_names_of
from outrig.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleo.io.inputs.argument import Argument as CleoArgument
    from cleo.io.inputs.definition import Definition
    from cleo.io.inputs.option import Option as CleoOption


class Words(Input):
    """The words after the command's own, read once a definition is bound."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        after_dashes: Sequence[str] | None = None,
        verbatim: bool = False,
        keep_unknown: bool = False,
        asked_for: str = "the command",
    ) -> None:
        super().__init__()
        self._words = tuple(words)
        self._after = None if after_dashes is None else tuple(after_dashes)
        self._verbatim = verbatim
        self._keep_unknown = keep_unknown
        self._asked_for = asked_for
        self._position = 0
        self._positional: list[str] = []
        self._counts: dict[str, int] = {}

    @property
    def positional(self) -> tuple[str, ...]:
        """The words that are arguments, in order."""
        return tuple(self._positional)

    def count(self, name: str) -> int:
        """Return how often the flag `--name` stood among the words."""
        return self._counts.get(name, 0)

    def given(self, name: str) -> bool:
        """Tell whether the option `--name` stood among the words."""
        return name in self._options

    def validate(self) -> None:
        """Raise `UsageError` when a required argument is missing."""
        missing = [
            one.name.upper()
            for one in self._definition.arguments
            if one.is_required() and one.name not in self._arguments
        ]
        if missing:
            what = " and ".join(missing)
            raise UsageError(
                f"{self._asked_for}: {what} is missing",
                hint=f"outrig {self._asked_for} --help",
            )

    def _parse(self) -> None:
        self._position = 0
        self._positional = []
        while self._position < len(self._words):
            word = self._words[self._position]
            self._position += 1
            if not self._take(word):
                self._take_all_from(word)
                break
        else:
            self._positional += self._after or ()
        self._bind_arguments()

    def _take(self, word: str) -> bool:
        """Read one word; false when it begins words that are not ours."""
        if len(word) < 2 or not word.startswith("-"):
            if self._verbatim and self._rest_begins():
                return False
            self._positional.append(word)
            return True
        taken = self._long(word) if word.startswith("--") else self._short(word)
        if taken:
            return True
        if self._verbatim:
            return False
        if self._keep_unknown or (_is_number(word) and not self._has_digits_option()):
            self._positional.append(word)
            return True
        raise self._unknown(word)

    def _rest_begins(self) -> bool:
        arguments = self._definition.arguments
        return bool(
            arguments and arguments[-1].is_list() and len(self._positional) >= len(arguments) - 1
        )

    def _has_digits_option(self) -> bool:
        return any(
            letter.isdigit() for one in self._definition.options for letter in letters_of(one)
        )

    def _take_all_from(self, word: str) -> None:
        rest = [word, *self._words[self._position :]]
        if self._after is not None:
            rest += ["--", *self._after]
        self._positional += rest

    def _long(self, word: str) -> bool:
        name, equals, text = word[2:].partition("=")
        if not self._definition.has_option(name):
            return False
        option = self._definition.option(name)
        if option.is_flag():
            if equals:
                raise UsageError(f"{self._asked_for}: --{name} takes no value, got {text!r}")
            self._set_flag(option)
        else:
            self._set(option, text if equals else self._next_value(option, f"--{name}"))
        return True

    def _short(self, word: str) -> bool:
        letters = word[1:]
        found: list[tuple[CleoOption, str | None]] = []
        while letters:
            letter, letters = letters[0], letters[1:]
            if not self._definition.has_shortcut(letter):
                return False
            option = self._definition.option_for_shortcut(letter)
            if option.is_flag():
                found.append((option, None))
                continue
            found.append((option, letters.removeprefix("=") if letters else ""))
            if not letters:
                found[-1] = (option, self._next_value(option, f"-{letter}"))
            break
        for option, text in found:
            if text is None:
                self._set_flag(option)
            else:
                self._set(option, text)
        return True

    def _next_value(self, option: CleoOption, spelled: str) -> str:
        implied = option.implied if isinstance(option, Option) else None
        if implied is not None:
            return implied
        if self._position >= len(self._words):
            raise UsageError(f"{self._asked_for}: {spelled} needs a value")
        word = self._words[self._position]
        if self._is_own_option(word):
            raise UsageError(
                f"{self._asked_for}: {spelled} needs a value, but {word} follows",
                hint=f"--{option.name}={word} gives it that very value",
            )
        self._position += 1
        return word

    def _is_own_option(self, word: str) -> bool:
        if word.startswith("--"):
            return self._definition.has_option(word[2:].partition("=")[0])
        return len(word) == 2 and word[0] == "-" and self._definition.has_shortcut(word[1])

    def _set_flag(self, option: CleoOption) -> None:
        self._options[option.name] = True
        self._counts[option.name] = self._counts.get(option.name, 0) + 1

    def _set(self, option: CleoOption, text: str) -> None:
        value = self._read(option, text)
        if option.is_list():
            self._options.setdefault(option.name, []).append(value)
        else:
            self._options[option.name] = value

    def _read(self, declared: CleoOption | CleoArgument, text: str) -> object:
        if not isinstance(declared, Option | Argument):
            return text
        try:
            return declared.read(text)
        except UsageError as err:
            raise UsageError(f"{self._asked_for}: {err}", hint=err.hint) from err

    def _bind_arguments(self) -> None:
        words = list(self._positional)
        for declared in self._definition.arguments:
            if not words:
                return
            if declared.is_list():
                self._arguments[declared.name] = [self._read(declared, one) for one in words]
                return
            self._arguments[declared.name] = self._read(declared, words.pop(0))
        if words:
            raise UsageError(
                f"{self._asked_for}: unexpected argument {words[0]!r}",
                hint=f"outrig {self._asked_for} --help",
            )

    def _unknown(self, word: str) -> UsageError:
        name = word.partition("=")[0]
        known = [f"--{long}" for one in self._definition.options for long in long_names_of(one)]
        near = get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"outrig {self._asked_for} --help"
        return UsageError(f"{self._asked_for}: unknown option {name}", hint=hint)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def arguments_among(words: Sequence[str], definition: Definition) -> tuple[str, ...]:
    """Return the words that are arguments, reading what `definition` does not know as options.

    An unknown `--name` is taken to stand alone, as its value, if any, comes later than the words
    that matter.
    """
    reader = Words(words, keep_unknown=True)
    with suppress(UsageError):
        reader.bind(definition)
    return tuple(one for one in reader.positional if not one.startswith("-") or one == "-")
