"""Prices that were asked for, kept for a day."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.paths import cache_dir

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT_S = 24 * 3600.0


class DayPrices:
    """Prices by key, in US dollars per hour, in a file of the cache that may be lost any time."""

    def __init__(self, provider: str) -> None:
        self._path = Path(cache_dir()) / f"{provider}-prices.json"
        self._known: dict[str, list[float]] | None = None

    def get(self, key: str) -> float | None:
        """Return a price of the last day, `None` where there is none."""
        known = self._read()
        if key in known and time.time() - known[key][1] < KEPT_S:
            return known[key][0]
        return None

    def put(self, prices: Mapping[str, float]) -> None:
        """Keep prices."""
        known = self._read()
        known |= {key: [usd, time.time()] for key, usd in prices.items()}
        aside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text(json.dumps(known))
            aside.replace(self._path)
        except OSError:
            return  # it is asked for again

    def _read(self) -> dict[str, list[float]]:
        if self._known is None:
            try:
                found = json.loads(self._path.read_text())
                self._known = {
                    str(key): [float(price), float(when)] for key, (price, when) in found.items()
                }
            except (OSError, ValueError, TypeError, AttributeError):
                self._known = {}
        return self._known
