"""What may be the key of an object."""

from __future__ import annotations

import re

from outrig.errors import StoreError

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


def check_key(key: str) -> None:
    """Raise `StoreError` for what is no key: one can never lead out of its store."""
    if not is_key(key):
        raise StoreError(f'"{key}" cannot be the key of an object')


def is_key(text: str) -> bool:
    """Say whether a text could be a key."""
    return _KEY.fullmatch(text) is not None
