"""The settings of the provider `ssh`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from outrig.api import Settings, setting


@dataclass(frozen=True, kw_only=True)
class SshSettings(Settings):
    """Which hosts there are, and how they are reached."""

    short_flags: ClassVar[tuple[str, ...]] = ("hosts", "transport", "host_key")

    hosts: tuple[str, ...] = setting(
        (), help="hosts, with commas: name, user@host:port, [::1]:22 or @group"
    )
    groups: tuple[str, ...] = setting((), help="groups of hosts, each: name=host host …")
    user: str | None = setting(
        None, help="login name, where neither host nor ~/.ssh/config has one"
    )
    port: int | None = setting(None, help="port, where the host has none")
    key_file: str | None = setting(None, help="private key to log in with")
    jump: str | None = setting(None, help="jump host, as for ssh -J")
    host_key: tuple[str, ...] = setting(
        (), help="fingerprints (SHA256:…) of which a host's key must have one"
    )
    transport: Literal["auto", "openssh", "paramiko"] = setting("auto", help="how to connect")
    config_file: str | None = setting(None, help="read in place of ~/.ssh/config")
    python: str = setting("python3", help="Python on the hosts, 3.8 or newer")
    root: str | None = setting(None, help="directory on the hosts for sessions and runs")
    cache_mib: int = setting(
        4096, help="how much of ended sessions' files a host keeps for later ones", unit="MiB"
    )
    connect_s: float = setting(15.0, help="time for an attempt to connect", unit="seconds")
    keep_s: float = setting(
        60.0, help="how long an idle connection is kept for the next command", unit="seconds"
    )
    alive_s: float = setting(
        20.0, help="silence after which a connection counts as lost", unit="seconds"
    )
    patience_s: float = setting(
        120.0, help="how long a connection that was lost is made anew", unit="seconds"
    )
