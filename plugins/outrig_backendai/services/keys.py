"""The key pairs of sessions: one for whoever logs in, one by which the session is known.

They are made of a secret of this state directory and the session's id, each time anew: nothing of
a session is kept here that would have to be cleared away, and all processes have the same.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from outrig.errors import ConfigError

SECRET_BYTES = 32
ID_FILE = "id_container"
"""What the private key is called in a session's home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKeys:
    """The keys of one session, as OpenSSH writes them."""

    user_private: str
    user_public: str
    host_private: str
    host_public: str


def session_keys(state_directory: str, session_id: str) -> SessionKeys:
    """Return the keys of a session; raises `ConfigError` when the secret cannot be kept."""
    secret = state_secret(state_directory)
    user_private, user_public = _pair(secret, f"user:{session_id}")
    host_private, host_public = _pair(secret, f"host:{session_id}")
    return SessionKeys(
        user_private=user_private,
        user_public=f"{user_public} work@{session_id}",
        host_private=host_private,
        host_public=host_public,
    )


def state_secret(state_directory: str) -> bytes:
    """Return the secret of a state directory, made by whoever asks first; raises `ConfigError`."""
    path = Path(state_directory) / "backendai.secret"
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as target:
                target.write(secrets.token_bytes(SECRET_BYTES))
                target.flush()
                os.fsync(target.fileno())
            try:
                path.hardlink_to(new)
            except FileExistsError:
                pass  # another process was faster
            finally:
                new.unlink()
        found = path.read_bytes()
    except OSError as err:
        raise ConfigError(f"cannot keep the secret of sessions: {path}: {err.strerror}") from err
    if len(found) != SECRET_BYTES:
        raise ConfigError(
            f"{path} is damaged", hint="remove it; keys of running sessions are then others"
        )
    return found


def _pair(secret: bytes, purpose: str) -> tuple[str, str]:
    """Return a private and a public key, in OpenSSH's formats."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    seed = hmac.digest(secret, purpose.encode(), "sha256")
    key = Ed25519PrivateKey.from_private_bytes(seed)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return private.decode("ascii"), public.decode("ascii")
