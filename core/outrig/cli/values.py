"""What may come next within one command: its options, their values, its arguments' values."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.cli.application import extend, load_command
from outrig.cli.completing import FILES, starting
from outrig.cli.definition import Argument, Option, long_names_of
from outrig.cli.input import arguments_among
from outrig.cli.usage import is_hidden
from outrig.errors import OutrigError

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument as CleoArgument
    from cleo.io.inputs.option import Option as CleoOption

    from outrig.cli.command import Command
    from outrig.cli.invocation import Invocation
    from outrig.manifest import Entry

    Candidates = list[tuple[str, str]]


def command_candidates(entry: Entry, asked: Invocation, current: str) -> Candidates:
    """Return the candidates for the word that begins with `current`, after `asked.words`."""
    command = load_command(entry, asked.style)
    with suppress(OutrigError):
        extend(command, asked.words)
    name, equals, prefix = current.partition("=")
    if equals and name.startswith("--") and command.definition.has_option(name[2:]):
        declared = command.definition.option(name[2:])
        return [(f"{name}={value}", text) for value, text in _values(command, declared, prefix)]
    waiting = _waiting_option(command, asked.words)
    if waiting is not None:
        return _values(command, waiting, current) or [FILES]
    if current.startswith("-"):
        return starting(_options(command), current)
    argument = _next_argument(command, asked.words)
    if argument is None:
        return []
    return _values(command, argument, current) or [FILES]


def _options(command: Command) -> Candidates:
    return [
        (f"--{name}", one.description)
        for one in command.definition.options
        if not is_hidden(one)
        for name in long_names_of(one)
    ]


def _waiting_option(command: Command, words: list[str]) -> CleoOption | None:
    """Return the option whose value comes next, if the last word is one."""
    last = words[-1] if words else ""
    definition = command.definition
    option: CleoOption | None = None
    if last.startswith("--") and definition.has_option(last[2:]):
        option = definition.option(last[2:])
    elif len(last) >= 2 and last[0] == "-" and definition.has_shortcut(last[-1]):
        option = definition.option_for_shortcut(last[-1])
    return option if option is not None and option.requires_value() else None


def _next_argument(command: Command, words: list[str]) -> CleoArgument | None:
    arguments = command.definition.arguments
    count = len(arguments_among(words, command.definition))
    if count < len(arguments):
        return arguments[count]
    return arguments[-1] if arguments and arguments[-1].is_list() else None


def _values(command: Command, declared: CleoOption | CleoArgument, prefix: str) -> Candidates:
    choices = declared.choices if isinstance(declared, Option | Argument) else ()
    values = choices or tuple(command.complete(declared.name, prefix))
    return starting([(value, "") for value in values], prefix)
