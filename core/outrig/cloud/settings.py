"""The settings that providers of clouds share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrig.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class CloudSettings(Settings):
    """Where machines are made, at what price, and how they are reached."""

    region: tuple[str, ...] = setting(
        (), help="regions, in the order to try; without any the one your cloud's tools are set to"
    )
    zone: tuple[str, ...] = setting((), help="zones to try, in order; without any all of a region")
    spot: bool = setting(False, help="take spot machines, which may be taken back")
    spot_fallback: bool = setting(False, help="take on-demand where there is no spot capacity")
    worker_groups: str | None = setting(
        None, help="workers that differ from the head: a JSON list of groups, each with its count"
    )
    tags: str | None = setting(
        None, help="more tags (labels) of machines, as JSON: a mapping from names to texts"
    )
    disk: int | None = setting(None, help="size of the root disk", unit="GiB")
    idle: str = setting("2h", help="when idle for so long a session ends, unless --idle is given")
    max_price: float | None = setting(None, help="most to pay for a node", unit="USD per hour")
    budget: float | None = setting(None, help="most to pay for a session, by its age", unit="USD")
    allow_from: tuple[str, ...] = setting(
        (), help="networks (CIDR) that may log in; without any your own address"
    )
    user: str | None = setting(None, help="login name; without one the image's usual one")
    private: bool = setting(False, help="reach nodes by their private address")
    jump: str | None = setting(None, help="jump host, as for ssh -J")
    config_file: str | None = setting(None, help="read in place of ~/.ssh/config")
    transport: Literal["auto", "openssh", "paramiko"] = setting("auto", help="how to connect")
    address_service: str = setting(
        "https://checkip.amazonaws.com", help="URL that answers with the caller's address"
    )
    ready_s: float = setting(600.0, help="time for machines to become usable", unit="seconds")
    poll_s: float = setting(2.0, help="time between questions while waiting", unit="seconds")
