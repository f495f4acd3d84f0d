"""Google's price list, as its billing catalogue has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.plugins.gcp.living.discovery import Json


def skus(query: dict[str, list[str]]) -> Json:
    """Return a page of the list."""
    return {"skus": []}
