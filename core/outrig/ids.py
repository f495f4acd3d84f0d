"""Identifiers that sort by the time they were made (ULID, https://github.com/ulid/spec)."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


_lock = threading.Lock()
_last = [0]


def new_id(
    clock: Callable[[], float] = time.time, entropy: Callable[[int], bytes] = os.urandom
) -> str:
    """Return a new ULID: 26 characters, upper case, sortable by creation time (milliseconds).

    Those that one process makes sort in the order they were made, also within a millisecond.
    """
    value = (int(clock() * 1000) << 80) | int.from_bytes(entropy(10), "big")
    if clock is time.time:
        with _lock:
            if value >> 80 == _last[0] >> 80:
                value = max(value, _last[0] + 1)
            _last[0] = value
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))
