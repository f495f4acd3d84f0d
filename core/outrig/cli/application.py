"""Runs one command: imports its module, binds its words, calls `handle`.

Of cleo, commands, definitions and input are used. Its `Application` re-arranges argv, scans it for
options that may be a command's own (https://github.com/python-poetry/cleo/issues/292), and ends
every interrupt with 1.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import Option, letters_of, option
from outrig.cli.errors import report
from outrig.cli.input import Words
from outrig.cli.menu import program
from outrig.cli.terminal import forbid_colour, send
from outrig.cli.usage import command_help
from outrig.errors import OutrigError, PluginError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.cli.invocation import Invocation
    from outrig.manifest import Entry


def global_options() -> tuple[Option, ...]:
    """Return the options that every command accepts."""
    return (
        option("help", "h", "show this help"),
        option("verbose", "v", "say more; -vv also shows tracebacks"),
        option("quiet", "q", "say only what was asked for, and errors"),
        option("yes", "y", "answer every question with yes"),
        option("no-color", None, "colour nothing"),
        option("without-plugin", None, "leave a plugin out", value="NAME", repeat=True),
    )


def import_command(entry: Entry) -> type[Command]:
    """Return the class an entry names; raises `PluginError` naming the distribution."""
    module, _, attribute = entry.value.partition(":")
    try:
        found: object = importlib.import_module(module)
        for name in attribute.split("."):
            found = getattr(found, name)
    except (Exception, SystemExit) as err:
        reason = " ".join(f"{type(err).__name__}: {err}".split())
        raise PluginError(
            f"plugin {entry.distribution} {entry.version}: command {entry.words!r}: {reason}",
            hint="outrig plugin doctor",
        ) from err
    if not isinstance(found, type) or not issubclass(found, Command):
        raise PluginError(
            f"plugin {entry.distribution} {entry.version}: {entry.value} is no outrig.api Command"
        )
    return found


def load_command(entry: Entry, style: str | None = None) -> Command:
    """Return a command with its global options added; a command's own names win over them."""
    command = import_command(entry)()
    command.name = entry.words
    command.words = tuple(entry.words.split(" "))
    command.route_style = style
    for one in global_options():
        add_option(command, one)
    return command


def add_option(command: Command, one: Option, *, strict: bool = False) -> None:
    """Add an option; where its name is taken it is left out, where its short one is, that."""
    definition = command.definition
    if definition.has_option(one.name):
        if strict:
            raise UsageError(f"{command.name}: the option --{one.name} is there twice")
        return
    if one.shortcut and definition.has_shortcut(one.shortcut):
        one = one.without_shortcut()
    definition.add_option(one)


def run(entry: Entry, asked: Invocation) -> int:
    """Run a command with the words that were asked for and return its exit code."""
    command: Command | None = None
    try:
        command = load_command(entry, asked.style)
        return _run(command, asked)
    except (Exception, KeyboardInterrupt) as err:
        verbosity = max(asked.verbosity, command.verbosity if command else 0)
        runs_commands = command.runs_commands if command else entry.runs
        code = report(err, verbosity=verbosity, runs_commands=runs_commands)
    return code


def _run(command: Command, asked: Invocation) -> int:
    may_ask_for_help = asked.help or _asks_for_help(command, asked.words)
    failure: OutrigError | None = None
    words: Words | None = None
    try:
        extend(command, asked.words)
    except OutrigError as err:
        failure = err
    try:
        words = bind(command, asked)
    except UsageError as err:
        if not may_ask_for_help:
            raise failure or err  # noqa: B904 - the first of the two is what is wrong
    if words is None or asked.help or (may_ask_for_help and words.given("help")):
        return _help(command, asked, failure)
    if failure is not None:
        raise failure
    return _handle(command, asked, words)


def _help(command: Command, asked: Invocation, failure: OutrigError | None) -> int:
    """Print the help, which is also for those who do not know the words yet."""
    if failure is not None:
        report(failure)
    everywhere = {one.name for one in global_options()} - _own(command)
    send(sys.stdout, command_help(command, program(asked), everywhere, below=_below(command)))
    return 0


def _below(command: Command) -> list[tuple[str, str]]:
    """Return the commands that a further word leads to, where a command is also a group."""
    from outrig.cli.tree import Tree
    from outrig.manifest import load

    found = Tree(load()).children(" ".join(command.words))
    return [(word, entry.summary) for word, entry in found.items() if entry is not None]


def _handle(command: Command, asked: Invocation, words: Words) -> int:
    words.validate()
    _settle(command, words, asked)
    command.bound = words
    try:
        result: int | None = command.handle()
        if sys.stdout is not None:
            sys.stdout.flush()
    except BaseException:
        with suppress(Exception):  # what went wrong before is what the user is told
            _hang_up(command)
        raise
    _hang_up(command)
    return result or 0


def _hang_up(command: Command) -> None:
    if "outrig" in command.__dict__:
        command.outrig.close()


def _own(command: Command) -> set[str]:
    return {one.name for one in command.options}


def _asks_for_help(command: Command, words: Sequence[str]) -> bool:
    own_short = any("h" in letters_of(one) for one in command.options)
    return "--help" in words or ("-h" in words and not own_short)


def extend(command: Command, words: Sequence[str]) -> None:
    """Add the options that depend on the words."""
    for one in command.extend(words):
        add_option(command, one, strict=False)


def bind(command: Command, asked: Invocation) -> Words:
    """Read the words by the command's definition; raises `UsageError`."""
    words = Words(
        asked.words,
        after_dashes=asked.after,
        verbatim=command.verbatim,
        keep_unknown=command.keep_unknown,
        asked_for=" ".join(command.words),
    )
    command.after_dashes = None if asked.after is None else tuple(asked.after)
    words.bind(command.definition)
    return words


def _settle(command: Command, words: Words, asked: Invocation) -> None:
    """Give global options their effect, wherever they stood."""
    own = _own(command)
    command.tool = " ".join(program(asked).split(" ")[: -len(command.words)]) or command.tool
    command.verbosity = asked.verbosity + (words.count("verbose") if "verbose" not in own else 0)
    command.group_options = asked.group_options
    command.quiet = asked.quiet or ("quiet" not in own and words.given("quiet"))
    if asked.yes and "yes" not in own:
        words.set_option("yes", True)
    if "no-color" not in own and words.given("no-color"):
        forbid_colour()
