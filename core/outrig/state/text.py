"""Paths and other text that may hold any bytes, in SQLite, which keeps only valid UTF-8."""

from __future__ import annotations


def storable(text: str) -> str:
    """Return text with surrogate escapes (bytes that are not UTF-8) as text SQLite keeps."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def restored(text: str) -> str:
    """Return what `storable` was given."""
    return text.encode("latin-1").decode("utf-8", "surrogateescape")
