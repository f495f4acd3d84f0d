"""The options that every ssh of ours is given, beside the user's own configuration."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from outrig.errors import ConfigError
from outrig.transport.control import control_directory

if TYPE_CHECKING:
    from outrig.model.node import Endpoint

FINGERPRINT = "SHA256:"
ALIVE_TIMES = 4
_FIXED = (
    # first, as older versions know fewer options
    "IgnoreUnknown=SessionType,StdinNull,ForkAfterAuthentication,KnownHostsCommand",
    "RemoteCommand=none",
    "RequestTTY=no",
    "StdinNull=no",
    "ForkAfterAuthentication=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "ForwardAgent=no",
    "ForwardX11=no",
    "EscapeChar=none",
    "LogLevel=ERROR",
    f"ServerAliveCountMax={ALIVE_TIMES}",
)


SHELL_ONLY = ("-o", "SessionType=default")
"""For ssh itself: scp and sftp ask it for a subsystem, which is another type."""


def checked_host(endpoint: Endpoint) -> str:
    """Return the host's name, if ssh cannot take it for anything else; raises `ConfigError`."""
    host = endpoint.host or ""
    bad = not host or host.startswith("-") or not host.isprintable() or " " in host
    if bad or any(mark in host for mark in "@/'\"\\`$;&|<>()"):
        raise ConfigError(f"{host[:80]!r} is no host")
    return host


def connection_words(endpoint: Endpoint) -> list[str]:
    """Return the options by which ssh reaches a node, without its name; raises `ConfigError`."""
    words: list[str] = []
    if endpoint.config_file:
        words += ["-F", endpoint.config_file]
    options = [*_FIXED, f"ConnectTimeout={max(1, round(endpoint.connect_s))}"]
    options.append(f"ServerAliveInterval={max(1, round(endpoint.alive_s / ALIVE_TIMES))}")
    if endpoint.port is not None:
        options.append(f"Port={endpoint.port}")
    if endpoint.user is not None:
        options.append(f"User={endpoint.user}")
    if endpoint.key_file is not None:
        options += [f'IdentityFile="{endpoint.key_file}"', "IdentitiesOnly=yes"]
    if endpoint.jump is not None:
        options.append(f"ProxyJump={endpoint.jump}")
    options += _host_key_options(endpoint)
    return [*words, *(word for one in options for word in ("-o", one))]


def _host_key_options(endpoint: Endpoint) -> list[str]:
    """Return what makes ssh trust the given keys only; nothing leaves it to known hosts."""
    if not endpoint.host_keys:
        return ["StrictHostKeyChecking=yes"]
    prints = [one for one in endpoint.host_keys if one[:7].upper() == FINGERPRINT]
    lines = [one for one in endpoint.host_keys if one not in prints]
    options = ["StrictHostKeyChecking=yes", "GlobalKnownHostsFile=none", "UpdateHostKeys=no"]
    options.append(f"UserKnownHostsFile={_known_hosts(lines) if lines else 'none'}")
    if prints:
        options.append(f"KnownHostsCommand={_asking(prints)}")
    return options


def _known_hosts(lines: list[str]) -> str:
    """Write a file of known hosts with these keys for any name, and return its path."""
    text = "".join(f"* {line.strip()}\n" for line in lines)
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = control_directory() / f"{name}.keys"
    if not path.exists():
        path.write_text(text)
    return str(path)


def _asking(prints: list[str]) -> str:
    """Return the command that says a key is known when its fingerprint is one of these."""
    known = [FINGERPRINT + one[7:].rstrip("=") for one in prints]
    for one in known:
        if not one[7:].replace("+", "").replace("/", "").isalnum():
            raise ConfigError(f"{one[:80]} is no fingerprint", hint="it looks like SHA256:abc…")
    tests = " || ".join(f"[ $1 = {one} ]" for one in known)
    return f"/bin/sh -c '{{ {tests}; }} && echo \"$2 $3 $4\"; :' sh %f %H %t %K"
