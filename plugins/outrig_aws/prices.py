"""What instances cost, from AWS's price list; never invented, so often unknown."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outrig.api import cache_dir

if TYPE_CHECKING:
    from outrig_aws.calls import Aws
    from outrig_aws.places import Place

KEPT_S = 24 * 3600.0
"""How long a price of the list is believed; spot prices are asked for each time."""

_LIST_REGION = "us-east-1"


class Prices:
    """Prices of instances with Linux: on-demand ones, kept for a day, spot ones as they are now."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._known: dict[str, list[float]] | None = None
        self._spot: dict[str, float | None] = {}
        self._silent = False

    def of(self, place: Place) -> float | None:
        """Return US dollars per hour, `None` where it is not known."""
        return self._of_spot(place) if place.spot else self._of_list(place)

    def _of_list(self, place: Place) -> float | None:
        key = f"{place.region}/{place.machine_type}"
        known = self._read()
        if key in known and time.time() - known[key][1] < KEPT_S:
            return known[key][0]
        price = None if self._silent else self._ask(place)
        if price is not None:
            known[key] = [price, time.time()]
            self._write(known)
        return price

    def _ask(self, place: Place) -> float | None:
        wanted = {
            "instanceType": place.machine_type,
            "regionCode": place.region,
            "operatingSystem": "Linux",
            "tenancy": "Shared",
            "preInstalledSw": "NA",
            "capacitystatus": "Used",
        }
        asked = [{"Type": "TERM_MATCH", "Field": key, "Value": one} for key, one in wanted.items()]
        try:
            client = self._aws.client("pricing", _LIST_REGION)
            answer = client.get_products(ServiceCode="AmazonEC2", Filters=asked)
        except Exception:  # whatever keeps it from answering, the price is then unknown
            self._silent = True
            return None
        prices = [_usd(json.loads(one)) for one in answer.get("PriceList", ())]
        return min((one for one in prices if one), default=None)

    def _of_spot(self, place: Place) -> float | None:
        if place.label not in self._spot:
            self._spot[place.label] = self._ask_spot(place)
        return self._spot[place.label]

    def _ask_spot(self, place: Place) -> float | None:
        more = {} if place.subnet is None else {"AvailabilityZone": place.subnet.zone}
        try:
            client = self._aws.client("ec2", place.region)
            answer = client.describe_spot_price_history(
                InstanceTypes=[place.machine_type],
                ProductDescriptions=["Linux/UNIX"],
                StartTime=int(time.time()),
                MaxResults=10,
                **more,
            )
        except Exception:  # as above
            return None
        found = [float(one["SpotPrice"]) for one in answer.get("SpotPriceHistory", ())]
        return min(found, default=None)

    def _read(self) -> dict[str, list[float]]:
        if self._known is None:
            try:
                found = json.loads(_file().read_text())
                self._known = {
                    str(key): [float(price), float(when)] for key, (price, when) in found.items()
                }
            except (OSError, ValueError, TypeError, AttributeError):
                self._known = {}
        return self._known

    def _write(self, known: dict[str, list[float]]) -> None:
        path = _file()
        aside = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text(json.dumps(known))
            aside.replace(path)
        except OSError:
            return  # it is asked for again


def _file() -> Path:
    return Path(cache_dir()) / "aws-prices.json"


def _usd(product: Any) -> float:
    """Return a product's price, 0 where there is none in US dollars per hour."""
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for one in term.get("priceDimensions", {}).values():
            if one.get("unit") == "Hrs":
                return float(one.get("pricePerUnit", {}).get("USD", 0.0))
    return 0.0
