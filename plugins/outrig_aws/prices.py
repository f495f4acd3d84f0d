"""What instances cost, from AWS's price list; never invented, so often unknown."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from outrig.cloud.prices import DayPrices

if TYPE_CHECKING:
    from outrig.cloud.places import Place
    from outrig_aws.calls import Aws

_LIST_REGION = "us-east-1"


class Prices:
    """Prices of instances with Linux: on-demand ones, kept for a day, spot ones as they are now."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._known = DayPrices("aws")
        self._spot: dict[str, float | None] = {}
        self._silent = False

    def of(self, place: Place) -> float | None:
        """Return US dollars per hour, `None` where it is not known."""
        return self._of_spot(place) if place.spot else self._of_list(place)

    def _of_list(self, place: Place) -> float | None:
        key = f"{place.region}/{place.machine_type}"
        price = self._known.get(key)
        if price is None and not self._silent:
            price = self._ask(place)
            if price is not None:
                self._known.put({key: price})
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
        more = {"AvailabilityZone": place.zone} if place.zone else {}
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


def _usd(product: Any) -> float:
    """Return a product's price, 0 where there is none in US dollars per hour."""
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for one in term.get("priceDimensions", {}).values():
            if one.get("unit") == "Hrs":
                return float(one.get("pricePerUnit", {}).get("USD", 0.0))
    return 0.0
