"""Whom paramiko logs in to and as whom: known hosts, fingerprints, and what SSH's own files say."""

from __future__ import annotations

import base64
import getpass
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import ConfigError, RemoteError
from outrig.transport.asking import accepts, can_ask
from outrig.transport.failures import ChangedKeyError, HostKeyError
from outrig.transport.options import FINGERPRINT

if TYPE_CHECKING:
    import paramiko

    from outrig.model.node import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a host really is, and how to log in there."""

    address: str
    port: int
    user: str
    key_files: tuple[str, ...]
    known_hosts: tuple[Path, ...]


def user_place(endpoint: Endpoint) -> Place:
    """Return what an endpoint and the user's SSH configuration say; raises `RemoteError`.

    Of the configuration only host name, user, port, keys and known hosts are understood. What leads
    over other hosts or programs is refused.
    """
    import paramiko

    path = Path(endpoint.config_file or "~/.ssh/config").expanduser()
    host = endpoint.host or ""
    try:
        config = paramiko.SSHConfig.from_path(str(path)) if path.is_file() else paramiko.SSHConfig()
        found = config.lookup(host)
    except (OSError, paramiko.ConfigParseError) as err:
        raise ConfigError(f"{path} cannot be read: {err}") from err
    if endpoint.jump or {"proxyjump", "proxycommand"} & set(found):
        raise RemoteError(
            f"{endpoint.label}: the transport paramiko has no jump hosts",
            hint="use --transport openssh",
        )
    named = [str(Path(one).expanduser()) for one in found.get("identityfile", ())]
    there = [one for one in named if Path(one).is_file()]
    keys = [endpoint.key_file] if endpoint.key_file else there
    known = str(found.get("userknownhostsfile", "~/.ssh/known_hosts")).split()
    return Place(
        address=str(found.get("hostname", host)),
        port=endpoint.port or int(found.get("port", 22)),
        user=endpoint.user or str(found.get("user", getpass.getuser())),
        key_files=tuple(keys),
        known_hosts=tuple(Path(one).expanduser() for one in known),
    )


def trusting(endpoint: Endpoint, place: Place, ask: bool | None) -> paramiko.SSHClient:
    """Return a client that lets in only a host whose key is known, or that the user accepts."""
    import paramiko

    class Judge(paramiko.MissingHostKeyPolicy):
        """Decides about a key that is not among the known ones."""

        def missing_host_key(
            self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
        ) -> None:
            shown = fingerprint(key.asbytes())
            if endpoint.host_keys:
                if not is_given(endpoint.host_keys, key.get_name(), key.get_base64(), shown):
                    raise HostKeyError(f"{endpoint.label}: shows the key {shown}, which is not it")
                return
            known = client.get_host_keys().lookup(hostname)
            if known is not None:
                raise changed_key(endpoint, shown)
            question = f"{endpoint.label} shows the host key {shown}. Is it the right one?"
            if not (can_ask() if ask is None else ask) or not accepts(question):
                raise HostKeyError(
                    f"{endpoint.label}: its host key is not known ({shown})",
                    hint=f"check it, and give --host-key {shown}",
                )
            client.get_host_keys().add(hostname, key.get_name(), key)
            _remember(place, hostname, key)

    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(Judge())
    if not endpoint.host_keys:
        for path in place.known_hosts:
            if path.is_file():
                client.load_host_keys(str(path))
    return client


def changed_key(endpoint: Endpoint, shown: str) -> ChangedKeyError:
    """Return the error for a host that shows another key than is known."""
    return ChangedKeyError(
        f"{endpoint.label}: its host key has changed: it shows {shown}",
        hint="somebody may be in between; if the host was made anew, remove its line from "
        "known_hosts",
    )


def fingerprint(blob: bytes) -> str:
    """Return a key's fingerprint as ssh shows it."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii")
    return FINGERPRINT + digest.rstrip("=")


def is_given(given: tuple[str, ...], kind: str, blob: str, shown: str) -> bool:
    """Tell whether a key is one of those that were given as fingerprints or whole."""
    prints = {FINGERPRINT + one[7:].rstrip("=") for one in given if one[:7].upper() == FINGERPRINT}
    return shown in prints or any(one.split()[:2] == [kind, blob] for one in given)


def _remember(place: Place, hostname: str, key: paramiko.PKey) -> None:
    path = place.known_hosts[0]
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(f"{hostname} {key.get_name()} {key.get_base64()}\n")
