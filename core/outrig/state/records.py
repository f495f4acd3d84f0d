"""Model records to and from JSON, as the database keeps them."""

from __future__ import annotations

import json
from pathlib import Path, PurePath
from typing import TypeVar

import msgspec

T = TypeVar("T")


def encode(record: object) -> bytes:
    """Return a record as JSON.

    The standard library writes it: msgspec refuses text with surrogate escapes, which a path or an
    argument with bytes that are not UTF-8 has.
    """
    return json.dumps(msgspec.to_builtins(record, enc_hook=_encode_other)).encode()


def decode(data: bytes, kind: type[T]) -> T:
    """Return the record that `encode` wrote; fields that came later take their defaults."""
    return msgspec.convert(json.loads(data), type=kind, dec_hook=_decode_other)


def _encode_other(value: object) -> object:
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"a record holds a {type(value).__name__}")


def _decode_other(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    if kind is object:  # a provider's setting, of any shape
        return value
    raise TypeError(f"a record wants a {kind.__name__}")
