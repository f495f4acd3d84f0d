"""The terminal and the streams: width, colour, and text that cannot do harm.

Part of the start-up path: imports nothing heavy.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

_HARMFUL = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"
}
_HARMFUL |= {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_ONE_LINE = _HARMFUL | {9: "\\t", 10: "\\n"}

_COLOURS = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "cyan": "36", "dim": "2"}
_forbidden: list[str] = []


def clean(text: str) -> str:
    """Return `text` with control and direction characters shown instead of obeyed."""
    return text.translate(_HARMFUL)


def one_line(text: str) -> str:
    """Return `text` as `clean` does, with line ends and tabs shown too."""
    return text.translate(_ONE_LINE)


def width(stream: TextIO | None = None) -> int:
    """Return how many columns there are: `COLUMNS`, else the terminal's, else 80."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size((stream or sys.stdout).fileno()).columns or 80
    except (OSError, ValueError, AttributeError):
        return 80


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a person looks at the stream (or types into it)."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def forbid_colour() -> None:
    """Colour nothing in this process (`--no-color`)."""
    _forbidden.append("colour")


def coloured(stream: TextIO) -> bool:
    """Tell whether to colour: on a terminal that can, unless `NO_COLOR` is set."""
    return not _forbidden and (
        is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


def paint(text: str, colour: str, stream: TextIO) -> str:
    """Return `text` in a colour (or `bold`, `dim`) where the stream shows colours."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if coloured(stream) else text


def send(stream: TextIO | None, data: str | bytes) -> None:
    """Write to a stream as it is; bytes and names that are not text pass unharmed."""
    if stream is None:  # it was closed before we were started
        return
    if isinstance(data, str):
        try:
            data.encode(stream.encoding or "utf-8")
        except (UnicodeEncodeError, LookupError):
            data = _encoded(data, stream.encoding or "utf-8")
        else:
            stream.write(data)
            return
    stream.flush()
    stream.buffer.write(data)
    stream.flush()


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding, "surrogateescape")
    except (UnicodeEncodeError, LookupError):
        return text.encode(
            "utf-8" if encoding.lower() in ("utf-8", "utf8") else "ascii", "backslashreplace"
        )


def fill(text: str, columns: int, indent: str = "") -> str:
    """Return a paragraph broken into lines of at most `columns`, the further ones indented."""
    lines = [""]
    for word in text.split():
        if lines[-1].strip() and len(lines[-1]) + 1 + len(word) > columns:
            lines.append(indent + word)
        else:
            lines[-1] += f" {word}" if lines[-1].strip() else word
    return "\n".join(lines)


def definitions(rows: Sequence[tuple[str, str]], columns: int) -> str:
    """Return names and what they mean in two columns of at most `columns` together."""
    widest = max((len(name) for name, _ in rows if len(name) <= 26), default=0)
    if columns - widest - 4 < 24:  # too narrow for two columns: meanings go below the names
        widest = 4
    indent = " " * (widest + 4)
    text = ""
    for name, meaning in rows:
        lead = f"  {name}".ljust(len(indent))
        if len(name) > widest:
            lead = f"  {name}\n{indent}"
        body = fill(meaning, columns - len(indent))
        text += (lead + body.replace("\n", "\n" + indent)).rstrip() + "\n"
    return text
