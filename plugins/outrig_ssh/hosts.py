"""Hosts as people write them: `name`, `user@host:port`, `[::1]:22`, `ssh://…`, `@group`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_FORM = re.compile(
    r"(?:ssh://)?(?:(?P<user>[^@\s]+)@)?"
    r"(?:\[(?P<six>[0-9A-Fa-f:.%\w]+)\]|(?P<bare>[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.%\w]*)"
    r"|(?P<host>[A-Za-z0-9_][A-Za-z0-9._-]*))(?::(?P<port>[0-9]{1,5}))?/?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One machine: a name or an address, and what was written beside it."""

    name: str
    user: str | None = None
    port: int | None = None

    @property
    def label(self) -> str:
        """The host as it is written."""
        name = f"[{self.name}]" if ":" in self.name and self.port is not None else self.name
        name = name if self.port is None else f"{name}:{self.port}"
        return name if self.user is None else f"{self.user}@{name}"


def parse_host(text: str) -> Host:
    """Read a host; raises `ConfigError` when it is none."""
    found = _FORM.fullmatch(text.strip())
    port = int(found["port"]) if found is not None and found["port"] else None
    if found is None or (port is not None and not 0 < port < 65536):
        raise ConfigError(
            f"{text[:80]!r} is no host",
            hint="hosts are written name, user@host:port, [::1]:22 or @group",
        )
    name = found["six"] or found["bare"] or found["host"]
    return Host(name=name, user=found["user"], port=port)


def parse_groups(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read groups, each written `name=host host …`; raises `ConfigError`."""
    groups = {}
    for text in texts:
        name, equals, hosts = text.partition("=")
        if not equals or not name.strip() or not hosts.split():
            raise ConfigError(
                f"providers.ssh.groups: {text[:80]!r} is no group",
                hint="groups are written name=host host …",
            )
        groups[name.strip()] = tuple(hosts.split())
    return groups


def parse_hosts(texts: Sequence[str], groups: Mapping[str, Sequence[str]]) -> tuple[Host, ...]:
    """Read hosts and groups of them, each host once, in the order written."""
    found = (parse_host(one) for one in _members(texts, groups, ()))
    return tuple({host.label: host for host in found}.values())


def _members(
    texts: Sequence[str], groups: Mapping[str, Sequence[str]], within: tuple[str, ...]
) -> Iterator[str]:
    for text in texts:
        if not text.startswith("@"):
            yield text
            continue
        name = text[1:]
        if name in within:
            raise ConfigError(f"group {name} is a member of itself")
        if name not in groups:
            raise ConfigError(
                f"there is no group {name} of hosts (there is: {', '.join(groups) or 'none'})"
            )
        yield from _members(groups[name], groups, (*within, name))
