"""Model records to and from JSON, as the database keeps them."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TypeVar

import msgspec

T = TypeVar("T")


def encode(record: object) -> bytes:
    """Return a record as JSON."""
    return msgspec.json.encode(record, enc_hook=_encode_other)


def decode(data: bytes, kind: type[T]) -> T:
    """Return the record that `encode` wrote; fields that came later take their defaults."""
    return msgspec.json.decode(data, type=kind, dec_hook=_decode_other)


def _encode_other(value: object) -> object:
    if isinstance(value, PurePath):
        return str(value).encode("utf-8", "surrogateescape").decode("latin-1")
    raise TypeError(f"a record holds a {type(value).__name__}")


def _decode_other(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value).encode("latin-1").decode("utf-8", "surrogateescape"))
    raise TypeError(f"a record wants a {kind.__name__}")
