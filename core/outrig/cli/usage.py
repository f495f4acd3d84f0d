"""Help of one command, from its definition."""

from __future__ import annotations

from inspect import cleandoc
from typing import TYPE_CHECKING

from outrig.cli.definition import Argument, Option, letters_of, long_names_of
from outrig.cli.menu import heading, help_width, usage
from outrig.cli.terminal import clean, definitions, fill

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from cleo.io.inputs.argument import Argument as CleoArgument
    from cleo.io.inputs.option import Option as CleoOption

    from outrig.cli.command import Command


def command_help(
    command: Command,
    name: str,
    everywhere: Collection[str],
    columns: int | None = None,
    below: Sequence[tuple[str, str]] = (),
) -> str:
    """Return the help of a command that is called by `name`, line end included.

    `everywhere` names the options that every command has; they are listed apart. `below` are the
    commands, with their summaries, that a further word leads to.
    """
    columns = columns or help_width()
    definition = command.definition
    own = [one for one in definition.options if one.name not in everywhere and not is_hidden(one)]
    shared = [one for one in definition.options if one.name in everywhere]
    parts = [
        fill(clean(command.summary), columns) + "\n",
        usage(synopsis(command, name, bool(own)), columns),
    ]
    if command.details:
        parts.append(paragraphs(command.details, columns))
    for title, rows in (
        ("Arguments:", [argument_row(one) for one in definition.arguments]),
        ("Options:", [option_row(one) for one in own]),
        ("Everywhere:", [option_row(one) for one in shared]),
        ("Commands:", below),
    ):
        if rows:
            parts.append(f"{heading(title)}\n{definitions(rows, columns)}")
    if command.examples:
        parts.append(f"{heading('Examples:')}\n{examples(command.examples, columns)}")
    return "\n".join(parts)


def synopsis(command: Command, name: str, has_options: bool) -> str:
    """Return the command's call: `outrig session start [OPTIONS] [COMMAND] [ARGS]...`."""
    words = [name, *(["[OPTIONS]"] if has_options else [])]
    for one in command.definition.arguments:
        word = one.name.upper() + ("..." if one.is_list() else "")
        words.append(word if one.is_required() else f"[{word}]")
    return " ".join(words)


def paragraphs(text: str, columns: int) -> str:
    """Return a text with its paragraphs filled; indented lines stay as they are."""
    done = []
    for paragraph in cleandoc(text).split("\n\n"):
        kept = any(line.startswith(" ") for line in paragraph.split("\n"))
        done.append(paragraph if kept else fill(paragraph, columns))
    return "\n\n".join(done) + "\n"


def examples(pairs: Iterable[tuple[str, str]], columns: int) -> str:
    """Return example command lines, each with what it does below it."""
    return "".join(
        f"  {line}\n      {fill(meaning, columns - 6).replace(chr(10), chr(10) + ' ' * 6)}\n"
        for line, meaning in pairs
    )


def is_hidden(option: CleoOption) -> bool:
    """Tell whether an option is left out of help and completion."""
    return isinstance(option, Option) and option.hidden


def option_row(option: CleoOption) -> tuple[str, str]:
    """Return how an option is spelled and what it does."""
    short = "".join(f"-{one}, " for one in letters_of(option)) or "    "
    long = ", ".join(f"--{one}" for one in long_names_of(option))
    value = ""
    choices: tuple[str, ...] = ()
    if isinstance(option, Option) and option.value is not None:
        value = f" {option.value}" if option.implied is None else f"[={option.value}]"
        choices = option.choices
    elif not option.is_flag():
        value = f" {option.name.upper()}"
    notes = _notes(choices, option.default if not option.is_flag() else None)
    if option.is_list():
        notes.append("may be repeated")
    return clean(f"{short}{long}{value}"), _with_notes(option.description, notes)


def argument_row(argument: CleoArgument) -> tuple[str, str]:
    """Return an argument's name and what it is."""
    choices = argument.choices if isinstance(argument, Argument) else ()
    notes = _notes(choices, argument.default)
    return clean(argument.name.upper()), _with_notes(argument.description, notes)


def _notes(choices: tuple[str, ...], default: object) -> list[str]:
    notes = [f"one of {', '.join(choices)}"] if choices else []
    if default not in (None, [], ""):
        shown = ",".join(map(str, default)) if isinstance(default, list) else str(default)
        notes.append(f"default: {shown}")
    return notes


def _with_notes(text: str, notes: list[str]) -> str:
    return clean(f"{text} ({'; '.join(notes)})".strip() if notes else text)
