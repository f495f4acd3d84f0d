"""Paths as bytes and as text: UTF-8, with what is not UTF-8 as surrogate escapes, on any system."""

from __future__ import annotations


def to_text(path: bytes) -> str:
    """Return a path as `Entry.path` has it."""
    return path.decode("utf-8", "surrogateescape")


def to_bytes(path: str) -> bytes:
    """Return the bytes of an `Entry.path`."""
    return path.encode("utf-8", "surrogateescape")


def display(path: bytes | str) -> str:
    """Return a path that is safe to print: control characters and stray bytes are escaped."""
    text = path.decode("utf-8", "backslashreplace") if isinstance(path, bytes) else path
    if text.isprintable():
        return text
    return "".join(
        one
        if one.isprintable()
        else one.encode("utf-8", "backslashreplace" if "\udc80" <= one <= "\udcff" else "strict")
        .decode("utf-8")
        .encode("unicode_escape")
        .decode("ascii")
        for one in text
    )
