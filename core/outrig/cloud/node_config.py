"""Fields of the cloud's own request that the user gives as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from outrig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


def own_tags(text: str | None, provider: str) -> dict[str, str]:
    """Return the tags that the user wants on machines; raises `ConfigError`."""
    if not text:
        return {}
    place = f"providers.{provider}.tags"
    try:
        found = json.loads(text)
    except ValueError as err:
        raise ConfigError(f"{place} is no JSON: {err}") from err
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise ConfigError(f"{place}: expected a mapping from names to texts")
    return {str(name): str(one) for name, one in found.items()}


def node_config(text: str | None, provider: str, own: AbstractSet[str]) -> dict[str, Any]:
    """Return them, without what Outrig sets itself (`own`); raises `ConfigError`."""
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as err:
        raise ConfigError(f"providers.{provider}.node_config is no JSON: {err}") from err
    if not isinstance(found, dict) or own & set(found):
        raise ConfigError(
            f"providers.{provider}.node_config: it is no mapping, or has what Outrig sets itself",
            hint=f"leave out {', '.join(sorted(own))}",
        )
    return found
