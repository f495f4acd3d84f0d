"""The base class of every command."""

from __future__ import annotations

import sys
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from cleo.commands.base_command import BaseCommand

from outrig.cli.definition import Definition
from outrig.cli.input import Words, arguments_among
from outrig.cli.terminal import clean, is_terminal, paint, send

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cleo.io.io import IO

    from outrig.cli.definition import Argument, Option
    from outrig.cli.listing import Column
    from outrig.engine import Outrig

T = TypeVar("T")


class Command(BaseCommand):
    """One command of the tool; its words come from the entry point's name (`session.start`).

        class Stop(Command):
            summary = "Stop sessions"
            details = "Ends what runs in them and gives their nodes back."
            examples = (("outrig session stop train", "stop one"),)
            arguments = (argument("name", "the session", required=False),)
            options = (option("keep", None, "keep the nodes"),)

            def handle(self) -> int:
                stopped = self.outrig.stop(self.word("name"), keep=self.flag("keep"))
                self.note(f"stopped {stopped.name}")
                return 0

    It is cleo's base command, not its `Command`: that one's markup and tables cost as much to
    import as all the rest, and go through `io` where a command wants them.

    `handle` returns the exit code. It reads options, calls one engine function and prints; errors
    are raised as `OutrigError` and printed by the caller of the command.
    """

    summary: str = ""
    """One line, no full stop; shown in the group's help."""
    details: str = ""
    """Paragraphs for `--help`; lines of a paragraph are joined, indented lines are kept."""
    examples: ClassVar[Sequence[tuple[str, str]]] = ()
    """Command lines and what each does, for `--help`."""
    arguments: ClassVar[Sequence[Argument]] = ()
    options: ClassVar[Sequence[Option]] = ()
    aliases: ClassVar[Sequence[str]] = ()
    """Other names for the command's last word."""
    hidden = False
    runs_commands: bool = False
    """It runs the user's program: own failures, usage included, exit 125, a signal 128+n."""
    lists: bool = False
    """It prints a listing: adds `--output` and `--format`."""
    styles: ClassVar[Sequence[str]] = ()
    """Further values of `--output` that `handle` prints itself."""
    verbatim: bool = False
    """From the first unknown word on (the last, repeated argument's first) all passes verbatim."""
    keep_unknown: bool = False
    """Unknown options are words of the last argument; own options count anywhere before `--`."""

    words: tuple[str, ...] = ()
    """The words the command was asked for by: `("session", "start")`."""
    after_dashes: tuple[str, ...] | None = None
    """The words after the first `--` (which are arguments too), `None` where there was none."""
    route_style: str | None = None
    """The look of listings the words came with (`any`), see `outrig.cli.route.Route`."""
    tool: str = "outrig"
    """What the user types before the command's words: `outrig`, `outrig any`, a shim's name."""
    group_options: Mapping[str, str] = MappingProxyType({})
    """Options that stood right after the words of the command's groups, see `Group.options`."""
    quiet: bool = False
    verbosity: int = 0

    def __init__(self) -> None:
        super().__init__()
        self.bound = Words(())
        self.description = self.summary

    def configure(self) -> None:
        """Add the declared arguments and options, and those of listings, to the definition."""
        self._definition = Definition()
        for one in self.arguments:
            self._definition.add_argument(one)
        for each in self.options:
            self._definition.add_option(each)
        if self.lists:
            from outrig.cli.listing import listing_options

            for each in listing_options(self.styles):
                self._definition.add_option(each)

    def extend(self, words: Sequence[str]) -> Iterable[Option]:  # noqa: ARG002 - a hook
        """Return options that depend on the words, such as a project command's parameters.

        Called once, before the words are bound (for `--help` too), with the words up to the first
        `--`. `self.leading(words)` gives the arguments among them. May set `verbatim` and
        `keep_unknown`. Raise `UsageError` only for what would be wrong with any further option.
        """
        return ()

    def complete(self, name: str, prefix: str) -> Iterable[str]:  # noqa: ARG002 - a hook
        """Return values for the argument `name` or the option `--name` that start with `prefix`."""
        return ()

    def handle(self) -> int:
        """Do what the command is for and return the exit code."""
        raise TypeError(f"{type(self).__qualname__} does not define handle()")

    # What was asked for

    def option(self, name: str) -> Any:
        """Return the value of `--name` as its declaration makes it."""
        return self.bound.option(name)

    def argument(self, name: str) -> Any:
        """Return the argument of that name as its declaration makes it."""
        return self.bound.argument(name)

    def flag(self, name: str) -> bool:
        """Tell whether the flag `--name` was given."""
        return self.option(name) is True

    def text(self, name: str) -> str | None:
        """Return the value of `--name`."""
        value = self.option(name)
        return None if value is None else str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return all values of the repeated option `--name`."""
        return tuple(str(one) for one in self.option(name))

    def value(self, name: str, kind: type[T]) -> T | None:
        """Return the converted value of `--name`, which is of the given type."""
        value = self.option(name)
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"--{name} is {type(value).__name__}, not {kind.__name__}")
        return value

    def word(self, name: str) -> str | None:
        """Return the argument of that name."""
        value = self.argument(name)
        return None if value is None else str(value)

    def argument_words(self, name: str) -> tuple[str, ...]:
        """Return all words of the repeated argument of that name."""
        return tuple(str(one) for one in self.argument(name))

    def was_given(self, name: str) -> bool:
        """Tell whether the option `--name` stood on the command line."""
        return self.bound.given(name)

    def leading(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return the arguments among `words`, as far as they can be told from unknown options."""
        return arguments_among(words, self.definition)

    # What a command works with

    @cached_property
    def io(self) -> IO:
        """cleo's input and outputs, for its progress bars and the like."""
        from outrig.cli.streams import cleo_io

        return cleo_io(self.bound, quiet=self.quiet, verbosity=self.verbosity)

    @cached_property
    def outrig(self) -> Outrig:
        """The engine, made when first used."""
        from outrig.engine import Outrig

        return Outrig()

    def write(self, data: str | bytes) -> None:
        """Write to stdout exactly as it is: no markup, no line end added."""
        send(sys.stdout, data)

    def line(self, text: str = "") -> None:
        """Write one line to stdout, with what a terminal would obey made visible."""
        send(sys.stdout, clean(text) + "\n")

    def flush(self) -> None:
        """Let what was written to stdout be seen now, also where that is a pipe."""
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Say on stderr what is going on, unless `--quiet`."""
        if not self.quiet:
            self._to_stderr(clean(text))

    def detail(self, text: str) -> None:
        """Say on stderr what only `-v` asks for."""
        if self.verbosity >= 1 and not self.quiet:
            self._to_stderr(clean(text))

    def warn(self, text: str) -> None:
        """Warn on stderr, `--quiet` or not."""
        self._to_stderr(f"{paint('outrig: warning:', 'yellow', sys.stderr)} {clean(text)}")

    def _to_stderr(self, text: str) -> None:
        sys.stdout.flush()
        send(sys.stderr, text + "\n")
        sys.stderr.flush()

    def confirm(self, question: str, *, assume_without_terminal: bool) -> bool:
        """Ask a yes-or-no question (no is the default) and return the answer.

        `--yes` answers yes. Without a terminal nobody is asked, and `assume_without_terminal` is
        the answer.
        """
        if self.flag("yes"):
            return True
        if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
            return assume_without_terminal
        sys.stdout.flush()
        send(sys.stderr, f"{clean(question)} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    @property
    def output(self) -> str:
        """How to print a listing: `--output`, the style of the words, the setting, or `table`."""
        asked = self.text("output") if self.definition.has_option("output") else None
        if asked:
            return asked
        if "output" in self.group_options:
            return "json" if self.group_options["output"] == "json" else "table"
        style = self.route_style
        if style in self.styles and style is not None:
            return style
        return self._configured_output

    @cached_property
    def _configured_output(self) -> str:
        """The setting; a configuration that is wrong must not keep `doctor` from saying so."""
        from outrig.config.glance import configured
        from outrig.errors import ConfigError

        try:
            settings = configured("output")
        except ConfigError as err:
            self.warn(str(err))
            return "table"
        return settings.output if settings else "table"

    def listing(
        self, rows: Iterable[T], columns: Sequence[Column[T]], *, empty: str | None = None
    ) -> None:
        """Print records as `--output` and `--format` ask; see `outrig.cli.listing`.

        With no rows a table is the one line `empty`, on stderr, and nothing on stdout.
        """
        from outrig.cli.listing import render

        fields = self.text("format")
        chosen = tuple(fields.split(",")) if fields else ()
        listed = list(rows)
        if not listed and empty is not None and self.output == "table":
            self.note(empty)
            return
        self.write(render(listed, columns, output=self.output, fields=chosen))
