"""Keys that Outrig makes itself: one to log in to the nodes it makes, and host keys for those."""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig import paths
from outrig.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256: a private key is a number below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """A host key: the private half in PEM, the public one as `TYPE BASE64`."""

    private: str
    public: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginKey:
    """A key to log in with: the file of its private half, and the public half as one line."""

    path: str
    public: str


def login_key() -> LoginKey:
    """Return the key of this state directory, made on first use; raises `ConfigError`."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = Path(paths.state_dir()) / "keys" / "id_ed25519"
    public = path.with_name(f"{path.name}.pub")
    try:
        if not public.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            private, line = _texts(Ed25519PrivateKey.generate())
            _write_first(path, private)
            _write_first(public, _public_of(path) or line)
        return LoginKey(path=str(path), public=public.read_text("ascii").strip())
    except (OSError, ValueError) as err:
        raise ConfigError(f"{path} cannot be used: {err}") from err


def host_key_for(token: str) -> HostKey:
    """Return a host key, of the type `ecdsa-sha2-nistp256`, always the same one for a token.

    So a request that is repeated is the same to the last byte. It follows from the login key's
    private half, and can be made by nobody else. Raises `ConfigError`.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    secret = Path(login_key().path).read_bytes()
    digest = hmac.digest(secret, f"host key {token}".encode(), "sha512")
    key = derive_private_key(int.from_bytes(digest, "big") % (_ORDER - 1) + 1, SECP256R1())
    # Not OpenSSH's own form, in which there is a random number.
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return HostKey(private=private.decode("ascii"), public=public.decode("ascii"))


def _public_of(path: Path) -> str:
    """Return the public half of the key in a file: another process may have been first."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    found = load_ssh_private_key(path.read_bytes(), password=None)
    if not isinstance(found, Ed25519PrivateKey):
        raise ValueError("it is no ed25519 key")
    return _texts(found)[1]


def _texts(key: Ed25519PrivateKey) -> tuple[str, str]:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return private.decode("ascii"), public.decode("ascii")


def _write_first(path: Path, text: str) -> None:
    """Write a private file whole, unless there is one."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        return
    finally:
        aside.unlink()
