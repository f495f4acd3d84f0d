"""The contexts of shell text, as far as quoting a value depends on them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from enum import Enum

HEREDOC = re.compile(
    r"<<(?P<dash>-?)[ \t]*(?P<word>(?:\\.|'[^'\n]*'|\"[^\"\n]*\"|[^\s;&|<>()'\"\\])+)"
)


class Context(Enum):
    """What the shell takes the next character for; the value is how an error calls it."""

    WORDS = "outside quotes"
    SUBSTITUTION = "inside $(…)"
    BACKQUOTES = "inside backquotes"
    SINGLE = "inside single quotes"
    DOUBLE = "inside double quotes"
    ANSI = "inside $'…'"
    EXPANSION = "inside ${…}"
    ARITHMETIC = "inside ((…))"
    COMMENT = "in a comment"
    HERE = "in a here-document"
    HERE_LITERAL = "in a quoted here-document"


COMMANDS = (Context.WORDS, Context.SUBSTITUTION, Context.BACKQUOTES)
ENDS = {Context.DOUBLE: '"', Context.EXPANSION: "}"}
UNTOUCHED = (Context.SINGLE, Context.HERE_LITERAL)
BARE_ONLY = (Context.ANSI, Context.EXPANSION, Context.ARITHMETIC)


def quoted(text: str, context: Context) -> str:
    """Write a value so that it arrives as it is in a context that is none of `BARE_ONLY`."""
    match context:
        case Context.SINGLE:
            return text.replace("'", "'\"'\"'")
        case Context.DOUBLE:
            return re.sub(r'([\\$`"])', r"\\\1", text)
        case Context.HERE:
            return re.sub(r"([\\$`])", r"\\\1", text)
        case Context.HERE_LITERAL:
            return text
        case Context.COMMENT:
            return re.sub(r"[\r\n]", " ", text)
        case _:
            return shlex.quote(text)


@dataclass(slots=True)
class Frame:
    """An open context, and how many parentheses are open in it."""

    context: Context
    parentheses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HereDocument:
    """A here-document that was announced and whose text comes after the line."""

    delimiter: str
    literal: bool
    strip_tabs: bool

    def ends_at(self, line: str) -> bool:
        """Whether this line ends it."""
        return (line.lstrip("\t") if self.strip_tabs else line) == self.delimiter

    @classmethod
    def announced(cls, match: re.Match[str]) -> HereDocument:
        """Make one of a match of `HEREDOC`; quotes in its word make its text literal."""
        word = match["word"]
        return cls(
            delimiter=re.sub(r"\\(.)|['\"]", lambda one: one[1] or "", word),
            literal=any(char in word for char in "'\"\\"),
            strip_tabs=bool(match["dash"]),
        )
