"""Who may log in to machines: the caller's own address, or the networks that settings name."""

from __future__ import annotations

import ipaddress
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING

from outrig.errors import ConfigError, RemoteError

if TYPE_CHECKING:
    from outrig.cloud.settings import CloudSettings

LOOKUP_S = 10.0


def caller_networks(settings: CloudSettings, provider: str) -> tuple[str, ...]:
    """Return who may log in, as CIDR blocks; never everybody. Raises `OutrigError`."""
    texts = settings.allow_from or (_own_address(settings.address_service, provider),)
    try:
        found = [ipaddress.ip_network(one.strip(), strict=False) for one in texts]
    except ValueError as err:
        raise ConfigError(f"providers.{provider}.allow_from: {err}") from err
    for one in found:
        if one.prefixlen == 0:
            raise ConfigError(
                f"providers.{provider}.allow_from: {one} is the whole world",
                hint="give the network that you are in",
            )
    return tuple(str(one) for one in found)


def _own_address(service: str, provider: str) -> str:
    where = urllib.parse.urlsplit(service)
    if where.scheme != "https" and where.hostname != "127.0.0.1":
        raise ConfigError(f"providers.{provider}.address_service: {service} is no https URL")
    try:
        with urllib.request.urlopen(service, timeout=LOOKUP_S) as answer:  # noqa: S310 - checked
            text = answer.read(100).decode("ascii", "replace").strip()
        return str(ipaddress.ip_address(text))
    except (OSError, ValueError) as err:
        raise RemoteError(
            f"your own address is not known: {service}: {err}",
            hint=f"say who may log in: --{provider}-allow-from 203.0.113.7/32",
        ) from err
