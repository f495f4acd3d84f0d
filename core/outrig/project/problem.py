"""What is wrong in a project file, and the error that carries all of it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHOWN = 20
"""How many problems an error's message lists; the record keeps all of them."""

_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a file. `line` and `column` count from 1; 0 means the file as a whole."""

    file: str
    message: str
    line: int = 0
    column: int = 0
    path: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        key = f"{self.path}: " if self.path else ""
        return one_line(f"{place}: {key}{self.message}")


class ProjectFileError(ProjectError):
    """A project file is wrong: one line per problem, at most 20 of them, in the file's order."""

    def __init__(self, problems: Iterable[Problem], *, hint: str | None = None) -> None:
        ordered = sorted(set(problems), key=lambda one: (one.file, one.line, one.column, one.path))
        self.problems: tuple[Problem, ...] = tuple(ordered)
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"and {len(self.problems) - SHOWN} more")
        super().__init__("\n".join(lines), hint=hint)


def one_line(text: str) -> str:
    """Write what would break a line or command a terminal as an escape (`\\n`, `\\x1b`)."""
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def shown(text: str, limit: int = 60) -> str:
    """Quote a piece of the user's text for a message, shortened to `limit` characters."""
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return f'"{one_line(short)}"'


def nearest(word: str, known: Sequence[str]) -> str | None:
    """Return the known word most like `word`, if one is like it at all."""
    if len(word) > 100:
        return None
    folded = {one.lower().replace("_", "-"): one for one in known}
    found = difflib.get_close_matches(word.lower().replace("_", "-"), folded, n=1, cutoff=0.5)
    return folded[found[0]] if found else None
