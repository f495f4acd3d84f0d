"""What instances cost, from Google's price list; never invented, so often unknown.

The list has no machine types: cores, memory and GPUs have a price each, by family and region.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from outrig.cloud.prices import DayPrices
from outrig.errors import OutrigError
from outrig_gcp.machine_types import accelerators, catalogue

if TYPE_CHECKING:
    from outrig.cloud.places import Place
    from outrig_gcp.calls import Gcp

BILLING = "https://cloudbilling.googleapis.com/v1/"
COMPUTE_ENGINE = "services/6F81-5844-456A/skus"
MOST_PER_PAGE = 5000
_MACHINE = re.compile(r"^(Spot Preemptible )?(\w+)(?: Predefined)? Instance (Core|Ram) running in ")
_GPU = re.compile(r"^Nvidia (?:Tesla )?(.+?) GPU (attached to Spot Preemptible VMs )?running in ")
_SHARED_CPU = {"e2-micro": 0.25, "e2-small": 0.5, "e2-medium": 1.0}
"""Parts of a core that types are billed for which share one."""


class Prices:
    """Prices of instances with Linux, kept for a day."""

    def __init__(self, gcp: Gcp) -> None:
        self._gcp = gcp
        self._known = DayPrices("gcp")
        self._asked = False

    def of(self, place: Place) -> float | None:
        """Return US dollars per hour, `None` where it is not known."""
        parts = _parts(place)
        if parts and not self._asked and any(self._known.get(key) is None for key in parts):
            self._asked = True
            self._ask()
        prices = [self._known.get(key) for key in parts]
        if not parts or any(one is None for one in prices):
            return None
        return sum(
            amount * (one or 0.0) for amount, one in zip(parts.values(), prices, strict=True)
        )

    def _ask(self) -> None:
        """Read the whole list: it cannot be asked for a part."""
        found: dict[str, float] = {}
        query = {"currencyCode": "USD", "pageSize": str(MOST_PER_PAGE)}
        try:
            while True:
                page = self._gcp.call("GET", COMPUTE_ENGINE, query=query, base=BILLING)
                for one in page.get("skus", ()):
                    found.update(_priced(one))
                query["pageToken"] = page.get("nextPageToken", "")
                if not query["pageToken"]:
                    break
        except OutrigError:
            return  # whatever keeps it from answering, the price is then unknown
        self._known.put(found)


def _parts(place: Place) -> dict[str, float]:
    """Return what a machine is made of: key of a price, and how much of it; empty if not known."""
    found = next((one for one in catalogue() if one.name == place.machine_type), None)
    if found is None:
        return {}
    name = found.name.partition("+")[0]
    where = f"{place.region}/{'spot/' if place.spot else ''}"
    family = name.partition("-")[0]
    parts = {
        f"{where}{family}/core": _SHARED_CPU.get(name, float(found.cpu)),
        f"{where}{family}/ram": found.memory_mib / 1024,
    }
    if accelerators(found.name) or found.gpu:
        parts[f"{where}gpu/{found.gpu_type.replace('-', ' ').lower()}"] = float(found.gpu)
    return parts


def _priced(sku: Any) -> dict[str, float]:
    """Return the prices of an entry of the list by key, empty for what no machine is made of."""
    text = str(sku.get("description", ""))
    usd = _usd(sku)
    if usd is None:
        return {}
    if machine := _MACHINE.match(text):
        spot, family, part = machine.groups()
        name = f"{family.lower()}/{part.lower()}"
    elif gpu := _GPU.match(text):
        kind, spot = gpu.groups()
        name = f"gpu/{kind.lower()}"
    else:
        return {}
    mark = "spot/" if spot else ""
    return {f"{region}/{mark}{name}": usd for region in sku.get("serviceRegions", ())}


def _usd(sku: Any) -> float | None:
    """Return US dollars per hour: the list has whole ones, and billionths."""
    for info in sku.get("pricingInfo", ()):
        expression = info.get("pricingExpression", {})
        rates = expression.get("tieredRates", ())
        if rates and expression.get("usageUnit") in ("h", "GiBy.h"):
            price = rates[-1].get("unitPrice", {})
            return int(price.get("units") or 0) + int(price.get("nanos") or 0) / 1e9
    return None
