"""The commands as a tree of words, and the way through it. Part of the start-up path."""

from __future__ import annotations

from outrig.errors import OutrigError, PluginError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.cli.invocation import Invocation
    from outrig.manifest import Entry, Manifest

MAX_ROUTES = 8


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
                asked.consume(len(asked.words))
                return Place(prefix, None)
            if best.kind != "route":
                asked.consume(best.words.count(" ") + 1)
                return Place(best.words, best)
            if asked.help and len(asked.words) == length and self.children(best.words):
                asked.consume(len(asked.words))
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
                if best is not None and self._owns(best, prefix, word):
                    break
                if not (asked.take_global(at) or self._take_group_option(asked, at, prefix)):
                    if best is not None:
                        break
                    raise self.unknown_option(word, prefix, asked)
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

    def _owns(self, entry: Entry, prefix: str, option: str) -> bool:
        """Tell whether an option after `prefix` is the business of the command there."""
        if self.entries.get(prefix) is not entry:
            return False
        target = self.entries.get(entry.to) if entry.kind == "route" else None
        is_default = target is not None and target.kind != "group"
        return entry.kind == "command" or (is_default and option not in ("-h", "--help"))

    def _take_group_option(self, asked: Invocation, at: int, prefix: str) -> bool:
        """Read an option that a group on the way here takes."""
        while prefix:
            entry = self.entries.get(prefix)
            if entry is not None and asked.take_group_option(at, entry.options):
                return True
            prefix = prefix.rpartition(" ")[0]
        return False

    def _allowed(self, prefix: str, word: str, asked: Invocation) -> bool:
        return prefix != asked.only_at or not asked.only or word in asked.only

    def _reroute(self, asked: Invocation, route: Entry) -> None:
        asked.consume(route.words.count(" ") + 1)
        asked.imply(route.to.split())
        asked.style = route.style or asked.style
        asked.only = route.only
        asked.only_at = route.to

    def children(self, prefix: str, asked: Invocation | None = None) -> dict[str, Entry | None]:
        """Return the words that may follow a prefix, with their entries, hidden ones left out.

        What a route came with that `asked` went through bounds the words.
        """
        lead = f"{prefix} " if prefix else ""
        found: dict[str, Entry | None] = {}
        for words in self.manifest.commands:
            if words.startswith(lead) and words != prefix:
                word = words[len(lead) :].partition(" ")[0]
                if asked is None or self._allowed(prefix, word, asked):
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
        words = [*asked.typed, *prefix.split()[asked.implied :]]
        group = " ".join([asked.shim, *words[1:]] if asked.shim else ["outrig", *words])
        known = self.children(prefix, asked)
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

    def unknown_option(self, word: str, prefix: str, asked: Invocation) -> UsageError:
        """Return the error for an option that is not global, before any command."""
        words = prefix.split()
        where = " ".join([asked.shim, *words[1:]] if asked.shim else ["outrig", *words])
        return UsageError(f"{where}: unknown option {word}", hint=f"{where} --help")


def _near(word: str, known: dict[str, Entry | None]) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(word, known, 3, 0.6) or [
        one for one in known if len(word) > 1 and one.startswith(word)
    ]
