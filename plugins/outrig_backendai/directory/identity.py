"""Who is asking: the keypair that the environment names, or the only one there is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import AuthError, ConfigError
from outrig_backendai.directory.beginnings import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig_backendai.directory.database import Directory
    from outrig_backendai.directory.keypairs import Keypair

ENDPOINT = "outrig:local"
"""What stands for the embedded directory where an endpoint is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is asking, and the domain and group that count where none is named."""

    access_key: str
    user_email: str
    user_id: str
    domain: str
    group: str
    is_superadmin: bool
    user_name: str = ""
    policy: str = DEFAULT


def check_endpoint(environ: Mapping[str, str]) -> None:
    """Raise `ConfigError` when the environment names a server: this is none of its clients."""
    endpoint = environ.get("BACKEND_ENDPOINT", "").strip()
    if endpoint not in ("", ENDPOINT):
        raise ConfigError(
            f"BACKEND_ENDPOINT is {endpoint}: Outrig runs sessions itself and talks to no server",
            hint="unset BACKEND_ENDPOINT, or use the server's own client",
        )


def caller(directory: Directory, environ: Mapping[str, str] = os.environ) -> Caller:
    """Return who is asking; raises `AuthError` for an unknown keypair, `ConfigError`."""
    check_endpoint(environ)
    asked = environ.get("BACKEND_ACCESS_KEY", "").strip()
    return caller_of(directory, _keypair(directory, asked, environ), environ)


def caller_of(
    directory: Directory, keypair: Keypair, environ: Mapping[str, str] = os.environ
) -> Caller:
    """Return what is known of a keypair's user; raises `AuthError` when it may not act."""
    user = directory.members.user(keypair.user_id)
    if not keypair.is_active or not user.is_active:
        what = "keypair" if not keypair.is_active else f"user {user.email} of keypair"
        raise AuthError(f"the {what} {keypair.access_key} is not active")
    return Caller(
        access_key=keypair.access_key,
        user_email=user.email,
        user_id=user.id,
        user_name=user.name,
        domain=environ.get("BACKEND_DOMAIN", "").strip() or user.domain,
        group=environ.get("BACKEND_GROUP", "").strip() or DEFAULT,
        is_superadmin=user.role == "superadmin",
        policy=keypair.policy,
    )


def _keypair(directory: Directory, asked: str, environ: Mapping[str, str]) -> Keypair:
    if not asked:
        return directory.keypairs.first()
    found = directory.keypairs.get(asked)
    secret = environ.get("BACKEND_SECRET_KEY", "").strip()
    if found is None:
        raise AuthError(
            f"BACKEND_ACCESS_KEY {asked} is not a keypair of this directory",
            hint="unset it to be the first user",
        )
    if secret and secret != found.secret_key:
        raise AuthError(f"BACKEND_SECRET_KEY is not that of {asked}")
    return found
