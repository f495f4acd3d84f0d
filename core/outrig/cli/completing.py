"""Answers shells that ask what may come next: `outrig __complete SHELL WORD...`.

The words are those up to the cursor, the program's own name first, the unfinished one last. The
answer is a line `value<TAB>meaning` for each possibility; the line `:files` means file names. Words
of commands are answered without the command framework, the rest by importing one command.
"""

from __future__ import annotations

import os
import sys

from outrig.cli.invocation import Invocation
from outrig.cli.launcher import tools
from outrig.cli.menu import GLOBAL_OPTIONS, VERSION_OPTION
from outrig.cli.terminal import one_line, send
from outrig.cli.tree import Tree
from outrig.errors import OutrigError
from outrig.manifest import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Candidates = list[tuple[str, str]]

FILES = (":files", "")


def answer(arguments: Sequence[str]) -> int:
    """Print the possibilities and return 0, whatever is wrong with the words so far."""
    if len(arguments) < 3:
        return 2
    _, program, *words = arguments
    try:
        found = candidates(os.path.basename(program), words[:-1], words[-1])  # noqa: PTH119
    except OutrigError:
        found = []
    for value, meaning in found:
        send(sys.stdout, f"{one_line(value)}\t{one_line(meaning)}\n" if meaning else f"{value}\n")
    return 0


def candidates(program: str, before: Sequence[str], current: str) -> Candidates:
    """Return what may stand where `current` begins; raises `OutrigError` for unknown words."""
    if "--" in before:
        return [FILES]
    tree = Tree(load())
    asked = Invocation(before)
    shim = tools(tree.manifest).get(program)
    if shim is not None:
        asked.words[:0] = shim.words.split()
    if asked.words[:1] == ["help"]:
        del asked.words[0]
    place = tree.find(asked)
    typed = " ".join(asked.typed)
    words: Candidates = []
    for prefix in dict.fromkeys((place.prefix, typed)):
        words += [
            (word, entry.summary if entry else "")
            for word, entry in tree.children(prefix, asked).items()
        ]
    if not typed and not asked.help:
        words.append(("help", "show help"))
    found = starting(words, current)
    if place.entry is not None:
        from outrig.cli.values import command_candidates

        return found + command_candidates(place.entry, asked, current)
    return found + starting(_global_options(), current) if current[:1] == "-" else found


def starting(words: Iterable[tuple[str, str]], current: str) -> Candidates:
    """Return those that start with what is typed already."""
    return [(word, meaning) for word, meaning in words if word.startswith(current)]


def _global_options() -> Candidates:
    return [
        (name.split(",")[-1].split()[0], meaning)
        for name, meaning in (*GLOBAL_OPTIONS, VERSION_OPTION)
    ]
