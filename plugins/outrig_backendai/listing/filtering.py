"""`--filter` and `--order`, in the small language that Backend.AI's client has for them.

name like "train-%" & (status == "RUNNING" | created_at > "2026-11-01")
+name,-created_at
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from outrig.errors import UsageError
from outrig_backendai.listing.field import as_plain, as_text, find_field

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig_backendai.listing.field import Field

T = TypeVar("T")
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?P<sign>==|!=|>=|<=|[()\[\],&|!<>])|(?P<word>[^\s()\[\],&|!<>="']+))"""
)
_COMPARISONS = ("==", "!=", ">=", "<=", ">", "<")
_DEEPEST = 50


def matching(
    records: Sequence[T], text: str | None, fields: Sequence[Field[T]], option: str = "--filter"
) -> list[T]:
    """Return the records that an expression selects; raises `UsageError`."""
    if text is None or not text.strip():
        return list(records)
    wanted = _Reader(text, fields, option).read()
    return [one for one in records if wanted(one)]


def ordered(records: Sequence[T], text: str | None, fields: Sequence[Field[T]]) -> list[T]:
    """Return records by fields: `name` or `+name` upwards, `-name` downwards, commas between."""
    found = list(records)
    for one in reversed([part.strip() for part in (text or "").split(",") if part.strip()]):
        field = find_field(fields, one.lstrip("+-"), "--order")
        found.sort(key=lambda record: _key(field, record), reverse=one.startswith("-"))
    return found


def _key(field: Field[T], record: T) -> tuple[bool, float, str]:
    """Return what a record is sorted by: numbers among themselves, nothing last."""
    value = field.get(record)
    if isinstance(value, int | float):
        return False, float(value), ""
    return value is None, 0.0, as_text(value)


class _Reader:
    """Reads one expression: `|` binds least, then `&`, then `!`."""

    def __init__(self, text: str, fields: Sequence[Field[T]], option: str) -> None:
        self._text = text
        self._option = option
        self._fields: Sequence[Field[object]] = fields  # type: ignore[assignment]
        self._words = _words(text) or []
        self._at = 0
        self._depth = 0
        if not self._words:
            raise self._wrong("nothing that can be read")

    def read(self) -> Callable[[object], bool]:
        """Return what tells whether a record is selected."""
        found = self._either()
        if self._at < len(self._words):
            raise self._wrong(f"unexpected {self._words[self._at]}")
        return found

    def _either(self) -> Callable[[object], bool]:
        parts = [self._both()]
        while self._take("|"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda record: any(one(record) for one in parts)

    def _both(self) -> Callable[[object], bool]:
        parts = [self._one()]
        while self._take("&"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda record: all(one(record) for one in parts)

    def _one(self) -> Callable[[object], bool]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong("too many parentheses")
        if self._take("!"):
            inner = self._one()
            found: Callable[[object], bool] = lambda record: not inner(record)  # noqa: E731
        elif self._take("("):
            found = self._either()
            self._need(")")
        else:
            found = self._comparison()
        self._depth -= 1
        return found

    def _comparison(self) -> Callable[[object], bool]:
        field = find_field(self._fields, self._next(), self._option)
        sign = self._next()
        if sign in _COMPARISONS:
            return _compared(field, sign, _unquoted(self._next()))
        if sign in ("like", "ilike"):
            pattern = _pattern(_unquoted(self._next()), re.IGNORECASE if sign == "ilike" else 0)
            return lambda record: pattern.fullmatch(as_text(field.get(record))) is not None
        if sign == "in":
            among = self._list()
            return lambda record: as_text(field.get(record)) in among
        if sign == "contains":
            part = _unquoted(self._next())
            return lambda record: _contains(field.get(record), part)
        if sign in ("is", "isnot"):
            empty = _unquoted(self._next()).lower() in ("null", "none")
            if not empty:
                raise self._wrong(f"{sign} takes null")
            return lambda record: (field.get(record) is None) is (sign == "is")
        raise self._wrong(f"{sign} is no comparison")

    def _list(self) -> list[str]:
        end = {"[": "]", "(": ")"}.get(self._next())
        if end is None:
            raise self._wrong("in takes a list: [a, b]")
        found = [_unquoted(self._next())]
        while self._take(","):
            found.append(_unquoted(self._next()))
        self._need(end)
        return found

    def _take(self, word: str) -> bool:
        if self._at < len(self._words) and self._words[self._at] == word:
            self._at += 1
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise self._wrong(f"{word} is missing")

    def _next(self) -> str:
        if self._at >= len(self._words):
            raise self._wrong("it ends too early")
        self._at += 1
        return self._words[self._at - 1]

    def _wrong(self, reason: str) -> UsageError:
        return UsageError(
            f"{self._option} {self._text!r}: {reason}",
            hint='write: name == "train" & status != "ERROR"',
        )


def _words(text: str) -> list[str] | None:
    """Cut an expression into words; `None` where something in it is none."""
    words = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        words.append(match["text"] or match["sign"] or match["word"])
        at = match.end()
    return words


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word[:1] in ("'", '"') else word


def _pattern(text: str, flags: int) -> re.Pattern[str]:
    """Make a pattern of SQL's: `%` is any text, `_` any character."""
    parts = {"%": ".*", "_": "."}
    return re.compile("".join(parts.get(one, re.escape(one)) for one in text), flags | re.DOTALL)


def _contains(value: object, part: str) -> bool:
    plain = as_plain(value)
    if isinstance(plain, list):
        return part in map(as_text, plain)
    if isinstance(plain, dict):
        return part in plain
    return part in as_text(value)


def _compared(field: Field[object], sign: str, wanted: str) -> Callable[[object], bool]:
    def compare(record: object) -> bool:
        value = field.get(record)
        if value is None:
            return sign == "!="
        left, right = _alike(value, wanted)
        equal = left == right
        if sign in ("==", "!="):
            return equal is (sign == "==")
        less = left < right  # type: ignore[operator]
        return (equal and sign in (">=", "<=")) or (less is (sign in ("<", "<=")) and not equal)

    return compare


def _alike(value: object, wanted: str) -> tuple[object, object]:
    """Return both sides as numbers or times where they are, else as texts."""
    if isinstance(value, bool):
        return str(value).lower(), wanted.lower()
    if isinstance(value, int | float):
        try:
            return float(value), float(wanted)
        except ValueError:
            return as_text(value), wanted
    if isinstance(value, datetime):
        try:
            moment = datetime.fromisoformat(wanted)
        except ValueError:
            raise UsageError(f'"{wanted}" is not a time', hint="write 2026-11-21T12:00") from None
        return value, moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return as_text(value), wanted
