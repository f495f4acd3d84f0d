"""What the user typed, read as far as no command is needed. Part of the start-up path."""

from __future__ import annotations

import os

from outrig.cli.terminal import forbid_colour
from outrig.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_LETTERS = "hVqyv"


class Invocation:
    """What the user typed, as far as it can be told before the command is known.

    `words` are those before the first `--` that are not read yet, `after` those behind it (`None`:
    there was no `--`); `typed` is what the user called the command by, `given` everything that a
    launcher was called with, `group_options` the options of groups that stood there. The first
    `implied` of `words` come from a route. What a route came
    with bounds the words (`only`) that may follow the prefix `only_at`.
    """

    __slots__ = (
        "after",
        "given",
        "group_options",
        "help",
        "implied",
        "only",
        "only_at",
        "quiet",
        "shim",
        "style",
        "typed",
        "verbosity",
        "version",
        "words",
        "yes",
    )

    def __init__(self, argv: Sequence[str]) -> None:
        self.given = list(argv[2:])
        cut = argv.index("--") if "--" in argv else len(argv)
        self.words = list(argv[:cut])
        self.after = list(argv[cut + 1 :]) if cut < len(argv) else None
        self.help = False
        self.version = False
        self.quiet = False
        self.yes = False
        self.verbosity = 0
        self.shim = ""
        self.style: str | None = None
        self.typed: list[str] = []
        self.implied = 0
        self.only: tuple[str, ...] = ()
        self.only_at = ""
        self.group_options: dict[str, str] = {}

    def consume(self, count: int) -> None:
        """Take the first `count` words as understood."""
        self.typed += self.words[self.implied : count]
        self.implied = max(0, self.implied - count)
        del self.words[:count]

    def imply(self, words: list[str]) -> None:
        """Put words first that a route stands for; the user did not type them."""
        self.words[:0] = words
        self.implied += len(words)

    def take_global(self, at: int) -> bool:
        """Read the global option at `words[at]` and remove it; false when it is none."""
        word = self.words[at]
        name, equals, value = word.partition("=")
        if name in ("--without-plugin", "--shim"):
            if not equals and at + 1 >= len(self.words):
                raise UsageError(f"{name} needs a value")
            self._take_value(name, value if equals else self.words.pop(at + 1))
        elif not self._take_flag(word):
            return False
        del self.words[at]
        return True

    def take_group_option(self, at: int, options: Sequence[tuple[str, str]]) -> bool:
        """Read the option at `words[at]` if it is one of a group's, and remove it."""
        name, equals, value = self.words[at].partition("=")
        takes = {written.partition(" ")[0]: written.partition(" ")[2] for written, _ in options}
        if name not in takes:
            return False
        if takes[name]:
            if not equals and at + 1 >= len(self.words):
                raise UsageError(f"{name} needs a value")
            value = value if equals else self.words.pop(at + 1)
            choices = takes[name].split("|")
            if len(choices) > 1 and value not in choices:
                raise UsageError(f"{name}: {value!r} is not one of {', '.join(choices)}")
        elif equals:
            raise UsageError(f"{name} takes no value, got {value!r}")
        self.group_options[name.removeprefix("--")] = value
        del self.words[at]
        return True

    def _take_value(self, name: str, value: str) -> None:
        if name == "--shim":
            self.shim = value
        else:
            leave_out(value)

    def _take_flag(self, word: str) -> bool:
        if len(word) > 2 and word[0] == "-" and not word[1:].strip(_LETTERS):
            return all(self._take_flag(f"-{letter}") for letter in word[1:])
        if word in ("-h", "--help"):
            self.help = True
        elif word in ("-V", "--version"):
            self.version = True
        elif word in ("-q", "--quiet"):
            self.quiet = True
        elif word in ("-y", "--yes"):
            self.yes = True
        elif word == "--no-color":
            forbid_colour()
        elif word in ("-v", "--verbose"):
            self.verbosity += 1
        else:
            return False
        return True


def leave_out(name: str) -> None:
    """Leave the plugin out, in this process and in what it starts."""
    there = os.environ.get("OUTRIG_WITHOUT_PLUGINS")
    os.environ["OUTRIG_WITHOUT_PLUGINS"] = f"{there},{name}" if there else name


def leave_out_among(words: Sequence[str]) -> None:
    """Leave out what `--without-plugin` names anywhere, before any plugin is asked for anything."""
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == "--without-plugin":
            leave_out(value if equals else "".join(words[number + 1 : number + 2]))
