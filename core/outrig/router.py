"""From words to a command, without the command framework. Part of the start-up path.

Answers `--version`, help of groups, unknown commands and completion of command words by itself;
for everything else one command's module is imported by `outrig.cli.application`.
"""

from __future__ import annotations

import os
import sys

from outrig import __version__
from outrig.cli.errors import report, say
from outrig.cli.terminal import forbid_colour, send
from outrig.errors import OutrigError, PluginError, UsageError
from outrig.manifest import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.manifest import Entry, Manifest

MAX_ROUTES = 8
COMPLETE = "__complete"


class Invocation:
    """What the user typed, as far as it can be told before the command is known.

    `words` are those before the first `--` that are not read yet, `after` those behind it (`None`:
    there was no `--`); `typed` is what the user called the command by, `given` everything that a
    launcher was called with.
    """

    __slots__ = (
        "after",
        "given",
        "help",
        "only",
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
        self.only: tuple[str, ...] = ()

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

    def _take_value(self, name: str, value: str) -> None:
        if name == "--shim":
            self.shim = value
        else:
            leave_out(value)

    def _take_flag(self, word: str) -> bool:
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
        elif word == "--verbose" or (word[:2] == "-v" and not word.strip("-v")):
            self.verbosity += 1 if word == "--verbose" else len(word) - 1
        else:
            return False
        return True


def leave_out(name: str) -> None:
    """Leave the plugin out, in this process and in what it starts."""
    there = os.environ.get("OUTRIG_WITHOUT_PLUGINS")
    os.environ["OUTRIG_WITHOUT_PLUGINS"] = f"{there},{name}" if there else name


class Place:
    """Where the words lead: `entry` to run with the remaining words, or a group's `prefix`."""

    __slots__ = ("entry", "prefix")

    def __init__(self, prefix: str, entry: Entry | None) -> None:
        self.prefix = prefix
        self.entry = entry


class Tree:
    """The commands as a tree of words."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.entries = dict(manifest.commands)
        for words, entry in manifest.commands.items():
            parent = words.rpartition(" ")[0]
            for alias in entry.aliases:
                self.entries.setdefault(f"{parent} {alias}".strip(), entry)
        self.nodes = {""}
        for words in self.entries:
            while words:
                self.nodes.add(words)
                words = words.rpartition(" ")[0]

    def find(self, asked: Invocation) -> Place:
        """Follow the words as far as they lead, through routes; raises for unknown ones."""
        for _ in range(MAX_ROUTES):
            prefix, best, length = self._follow(asked)
            if best is None:
                if asked.words[length:]:
                    raise self.unknown(prefix, asked.words[length], asked)
                asked.typed += asked.words
                asked.words = []
                return Place(prefix, None)
            if best.kind != "route":
                size = best.words.count(" ") + 1
                asked.typed += asked.words[:size]
                asked.words = asked.words[size:]
                return Place(best.words, best)
            if asked.help and len(asked.words) == length and self.children(best.words):
                asked.typed += asked.words
                asked.words = []
                return Place(best.words, None)
            self._reroute(asked, best)
        raise PluginError(f"the route of {' '.join(asked.typed)!r} leads back to itself")

    def _follow(self, asked: Invocation) -> tuple[str, Entry | None, int]:
        """Return the longest group, the longest command or route, and how many words it has."""
        prefix = ""
        best: Entry | None = None
        at = 0
        while at < len(asked.words):
            word = asked.words[at]
            if len(word) > 1 and word[0] == "-":
                if best is not None and self.entries.get(prefix) is best and best.kind == "command":
                    break
                if not asked.take_global(at):
                    if best is not None:
                        break
                    raise self.unknown_option(word, prefix)
                continue
            longer = f"{prefix} {word}".strip()
            if longer not in self.nodes or not self._allowed(prefix, word, asked):
                break
            prefix = longer
            at += 1
            entry = self.entries.get(prefix)
            if entry is not None and entry.kind != "group":
                best = entry
        return prefix, best, at

    def _allowed(self, prefix: str, word: str, asked: Invocation) -> bool:
        return bool(prefix) or not asked.only or word in asked.only

    def _reroute(self, asked: Invocation, route: Entry) -> None:
        size = route.words.count(" ") + 1
        asked.typed += asked.words[:size]
        asked.words = route.to.split() + asked.words[size:]
        asked.style = route.style or asked.style
        asked.only = route.only

    def children(self, prefix: str, only: tuple[str, ...] = ()) -> dict[str, Entry | None]:
        """Return the words that may follow a prefix, with their entries, hidden ones left out."""
        lead = f"{prefix} " if prefix else ""
        found: dict[str, Entry | None] = {}
        for words in self.manifest.commands:
            if words.startswith(lead) and words != prefix:
                word = words[len(lead) :].partition(" ")[0]
                if not only or word in only:
                    found[word] = self.manifest.commands.get(lead + word)
        return {
            word: entry
            for word, entry in sorted(found.items())
            if entry is None or not (entry.hidden or self._is_empty_group(entry))
        }

    def _is_empty_group(self, entry: Entry) -> bool:
        lead = entry.words + " "
        return entry.kind == "group" and not any(
            words.startswith(lead) for words in self.manifest.commands
        )

    def unknown(self, prefix: str, word: str, asked: Invocation) -> OutrigError:
        """Return the error for a word that leads nowhere: a broken plugin's, or a misspelt one."""
        longer = f"{prefix} {word}".strip()
        for problem in self.manifest.problems:
            name = problem.name.replace(".", " ")
            if problem.group == "commands" and f"{name} ".startswith(f"{longer} "):
                return PluginError(str(problem), hint="outrig plugin doctor")
        group = " ".join(["outrig", *asked.typed, *prefix.split()])
        known = self.children(prefix, asked.only)
        error = UsageError(f"{group}: unknown command {word!r}")
        near = _near(word, known)
        elsewhere = [words for words in self.manifest.commands if words.endswith(f" {word}")]
        if near:
            error.hint = f"did you mean {' or '.join(f'{group} {one}' for one in near)}?"
        elif elsewhere and not asked.only:
            error.hint = f"did you mean {' or '.join(f'outrig {one}' for one in elsewhere[:3])}?"
        else:
            error.hint = f"{group} --help"
        return error

    def unknown_option(self, word: str, prefix: str) -> UsageError:
        """Return the error for an option that is not global, before any command."""
        where = f"outrig {prefix}".strip()
        return UsageError(f"{where}: unknown option {word}", hint=f"{where} --help")


def _near(word: str, known: dict[str, Entry | None]) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(word, known, 3, 0.6) or [
        one for one in known if len(word) > 1 and one.startswith(word)
    ]


def main(argv: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    asked = Invocation(argv)
    try:
        try:
            code = _run(asked, argv)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as err:
        code = report(err, verbosity=asked.verbosity)
    return code


def _run(asked: Invocation, argv: Sequence[str]) -> int:
    if argv and argv[0] == COMPLETE:
        from outrig.cli.completing import answer

        return answer(argv[1:])
    while asked.words and len(asked.words[0]) > 1 and asked.words[0][0] == "-":
        if not asked.take_global(0):
            break
    if asked.shim:
        from outrig.cli.launcher import hand_over_early

        hand_over_early(asked)
    if asked.version:
        send(sys.stdout, f"outrig {__version__}\n")
        return 0
    if asked.words[:1] == ["help"]:
        asked.help = True
        del asked.words[0]
    manifest = load()
    if manifest.fresh:
        tell_problems(manifest)
    return _dispatch(asked, Tree(manifest))


def _dispatch(asked: Invocation, tree: Tree) -> int:
    if asked.shim:
        from outrig.cli.launcher import enter

        enter(asked, tree)
    try:
        place = tree.find(asked)
    except UsageError:
        if asked.shim:
            from outrig.cli.launcher import hand_over

            hand_over(asked)
        raise
    if place.entry is not None:
        from outrig.cli.application import run

        return run(place.entry, asked)
    if asked.after:
        raise tree.unknown(place.prefix, asked.after[0], asked)
    from outrig.cli.menu import group_help

    if not place.prefix and not tree.manifest.fresh:
        tell_problems(tree.manifest)
    send(sys.stdout, group_help(tree, place.prefix, asked))
    return 0


def tell_problems(manifest: Manifest) -> None:
    """Name each distribution that has problems in one line on stderr."""
    told: dict[str, str] = {}
    more: dict[str, int] = {}
    for problem in manifest.problems:
        if told.setdefault(problem.distribution, str(problem)) != str(problem):
            more[problem.distribution] = more.get(problem.distribution, 0) + 1
    for distribution, text in told.items():
        others = f" (and {more[distribution]} more)" if distribution in more else ""
        say("outrig: warning:", "yellow", f"skipped {text}{others}; see: outrig plugin doctor")
