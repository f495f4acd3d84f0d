"""What instances cost, from Google's price list; never invented, so often unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cloud.prices import DayPrices

if TYPE_CHECKING:
    from outrig.cloud.places import Place
    from outrig_gcp.calls import Gcp


class Prices:
    """Prices of instances with Linux, kept for a day."""

    def __init__(self, gcp: Gcp) -> None:
        self._gcp = gcp
        self._known = DayPrices("gcp")

    def of(self, place: Place) -> float | None:
        """Return US dollars per hour, `None` where it is not known."""
        return self._known.get(place.label)
