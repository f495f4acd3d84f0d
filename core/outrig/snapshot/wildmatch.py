"""git's `wildmatch.c` as a translation to regular expressions over bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NEVER = rb"(?!)"
"""What a pattern that git calls malformed becomes: it matches nothing."""

_CLASSES: dict[bytes, Callable[[int], bool]] = {
    b"alnum": lambda c: c < 128 and chr(c).isalnum(),
    b"alpha": lambda c: c < 128 and chr(c).isalpha(),
    b"blank": lambda c: c in (0x20, 0x09),
    b"cntrl": lambda c: c < 32 or c == 127,
    b"digit": lambda c: 48 <= c <= 57,
    b"graph": lambda c: 32 < c < 127,
    b"lower": lambda c: 97 <= c <= 122,
    b"print": lambda c: 32 <= c < 127,
    b"punct": lambda c: 32 < c < 127 and not chr(c).isalnum(),
    b"space": lambda c: c in b" \t\n\v\f\r",
    b"upper": lambda c: 65 <= c <= 90,
    b"xdigit": lambda c: c in b"0123456789abcdefABCDEF",
}
_SLASH, _STAR, _QUESTION, _BRACKET, _BACKSLASH, _DASH, _CLOSE = b"/*?[\\-]"


class _Malformed(Exception):  # noqa: N818 - no fault of ours
    """The pattern ends inside a class or an escape, or names an unknown class."""


class _Bracket:
    """Reads one `[…]`; after `read`, `end` is the position behind it."""

    def __init__(self, pattern: bytes, start: int) -> None:
        self._pattern = pattern
        self.end = start
        self._members: set[int] = set()

    def _at(self, position: int) -> int:
        """Return the byte there, 0 behind the end, as C does."""
        return self._pattern[position] if position < len(self._pattern) else 0

    def _need(self, position: int) -> int:
        byte = self._at(position)
        if not byte:
            raise _Malformed
        return byte

    def read(self) -> tuple[bool, set[int]]:
        """Return whether the class is negated, and its members."""
        negated = self._at(self.end) in b"!^" and self.end < len(self._pattern)
        if negated:
            self.end += 1
        previous = 0
        while True:
            previous = self._member(previous)
            self.end += 1
            if self._at(self.end) == _CLOSE:
                self.end += 1
                return negated, self._members

    def _member(self, previous: int) -> int:
        """Read one member; returns what a following `-` would begin a range with (0: nothing)."""
        byte = self._need(self.end)
        if byte == _BACKSLASH:
            self.end += 1
            byte = self._need(self.end)
        elif byte == _DASH and previous and self._at(self.end + 1) not in (0, _CLOSE):
            self.end += 1
            return self._range(previous)
        elif byte == _BRACKET and self._at(self.end + 1) == 0x3A:
            return self._named()
        self._members.add(byte)
        return byte

    def _range(self, first: int) -> int:
        last = self._need(self.end)
        if last == _BACKSLASH:
            self.end += 1
            last = self._need(self.end)
        self._members.update(range(first, last + 1))
        return 0

    def _named(self) -> int:
        start = self.end + 2
        close = self._pattern.find(b"]", start)
        if close < 0:
            raise _Malformed
        if close == start or self._pattern[close - 1] != 0x3A:
            self._members.add(_BRACKET)  # not a class after all: a plain bracket
            return _BRACKET
        test = _CLASSES.get(self._pattern[start : close - 1])
        if test is None:
            raise _Malformed
        self._members.update(c for c in range(1, 256) if test(c))
        self.end = close
        return 0


def _class_regex(negated: bool, members: set[int], path: bool) -> bytes:
    allowed = set(range(1, 256)) - members if negated else set(members)
    if path:
        allowed.discard(_SLASH)
    if not allowed:
        raise _Malformed
    return b"[" + b"".join(b"\\x%02x" % byte for byte in sorted(allowed)) + b"]"


def _stars(pattern: bytes, start: int, path: bool) -> tuple[bytes, int]:
    """Translate a run of `*` at `start`; returns the regex and the position behind it."""
    end = start
    while end < len(pattern) and pattern[end] == _STAR:
        end += 1
    if not path:
        return b".*", end
    opens = start == 0 or pattern[start - 1] == _SLASH
    follows = pattern[end : end + 2]
    closes = not follows or follows.startswith(b"/") or follows == b"\\/"
    if end - start < 2 or not (opens and closes):
        return b"[^/]*", end
    if follows.startswith(b"/"):
        return b"(?:.*/)?", end + 1
    return b".*", end


def _translate(pattern: bytes, path: bool) -> bytes:
    any_byte = b"[^/]" if path else b"."
    out = []
    position = 0
    while position < len(pattern):
        byte = pattern[position]
        if byte == _STAR:
            piece, position = _stars(pattern, position, path)
            out.append(piece)
            continue
        position += 1
        if byte == _QUESTION:
            out.append(any_byte)
        elif byte == _BRACKET:
            bracket = _Bracket(pattern, position)
            out.append(_class_regex(*bracket.read(), path))
            position = bracket.end
        else:
            if byte == _BACKSLASH:
                if position == len(pattern):
                    raise _Malformed
                byte = pattern[position]
                position += 1
            out.append(re.escape(bytes([byte])))
    return b"".join(out)


def translate(pattern: bytes, *, path: bool) -> bytes:
    """Return a regular expression for a pattern; with `path`, `/` is matched only by itself."""
    try:
        return _translate(pattern, path)
    except _Malformed:
        return NEVER
