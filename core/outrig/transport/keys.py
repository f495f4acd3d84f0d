"""Keys that Outrig makes itself: one to log in to the nodes it makes, and host keys for those."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig import paths
from outrig.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """A host key in OpenSSH's form: the private half is text, the public one `TYPE BASE64`."""

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


def new_host_key() -> HostKey:
    """Return a new host key, of the type `ecdsa-sha2-nistp256`."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    private, public = _texts(generate_private_key(SECP256R1()))
    return HostKey(private=private, public=public)


def _public_of(path: Path) -> str:
    """Return the public half of the key in a file: another process may have been first."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    found = load_ssh_private_key(path.read_bytes(), password=None)
    if not isinstance(found, Ed25519PrivateKey):
        raise ValueError("it is no ed25519 key")
    return _texts(found)[1]


def _texts(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> tuple[str, str]:
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
