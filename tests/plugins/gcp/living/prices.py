"""Google's price list, as its billing catalogue has it: two pages, with much that is not wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.plugins.gcp.living.discovery import Json

_LIST = (
    ("E2 Instance Core running in Iowa", "h", 21_811_590),
    ("E2 Instance Ram running in Iowa", "GiBy.h", 2_923_530),
    ("Spot Preemptible E2 Instance Core running in Iowa", "h", 6_543_000),
    ("Spot Preemptible E2 Instance Ram running in Iowa", "GiBy.h", 877_000),
    ("E2 Custom Instance Core running in Iowa", "h", 22_890_000),
    ("N1 Predefined Instance Core running in Iowa", "h", 31_611_000),
    ("N1 Predefined Instance Ram running in Iowa", "GiBy.h", 4_237_000),
    ("Nvidia Tesla T4 GPU running in Iowa", "h", 350_000_000),
    ("Commitment v1: E2 Cpu in Iowa for 1 Year", "h", 13_700_000),
    ("Network Internet Egress from Iowa to Paris", "GiBy", 120_000_000),
)


def skus(query: dict[str, list[str]]) -> Json:
    """Return a page of the list."""
    first = int(query.get("pageToken", ["0"])[0] or 0)
    page: Json = {"skus": [_sku(*one) for one in _LIST[first : first + 6]]}
    if first + 6 < len(_LIST):
        page["nextPageToken"] = str(first + 6)
    return page


def _sku(description: str, unit: str, nanos: int) -> Json:
    rate = {"startUsageAmount": 0, "unitPrice": {"currencyCode": "USD", "nanos": nanos}}
    return {
        "description": description,
        "serviceRegions": ["us-central1"],
        "pricingInfo": [{"pricingExpression": {"usageUnit": unit, "tieredRates": [rate]}}],
    }
