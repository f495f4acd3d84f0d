"""Google's endpoint for tokens: it checks the signature of a service account for real."""

from __future__ import annotations

import datetime
import json
import time
import urllib.parse
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LIFE_S = 3600


class Tokens:
    """Gives and knows tokens; `refused` makes it forget whom it knows."""

    def __init__(self) -> None:
        self._certificates: dict[str, bytes] = {}
        self._alive: dict[str, float] = {}
        self.refused = False

    def service_account(self, path: Path, base: str, project: str) -> None:
        """Write a key file of the shape that Google's console gives."""
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        key, name = rsa.generate_private_key(65537, 2048), uuid.uuid4().hex
        self._certificates[name] = _certificate(key)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        fields = {
            "type": "service_account",
            "project_id": project,
            "private_key_id": name,
            "private_key": private.decode(),
            "client_email": f"tester@{project}.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": f"{base}/token",
        }
        path.write_text(json.dumps(fields))

    def issue(self, form: bytes) -> tuple[int, dict[str, object]]:
        """Return the answer to a request for a token."""
        from google.auth import jwt

        try:
            assertion = dict(urllib.parse.parse_qsl(form.decode()))["assertion"]
            jwt.decode(assertion, certs=self._certificates)  # type: ignore[no-untyped-call]
        except (ValueError, KeyError) as err:
            return 400, {"error": "invalid_grant", "error_description": f"Invalid JWT: {err}"}
        if self.refused:
            return 400, {"error": "invalid_grant", "error_description": "Account is disabled."}
        token = f"ya29.{uuid.uuid4().hex}"
        self._alive[token] = time.time() + LIFE_S
        return 200, {"access_token": token, "expires_in": LIFE_S, "token_type": "Bearer"}

    def knows(self, header: str) -> bool:
        """Tell whether a request carries a token that counts."""
        token = header.removeprefix("Bearer ")
        return not self.refused and self._alive.get(token, 0) > time.time()


def _certificate(key: object) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding

    assert isinstance(key, RSAPrivateKey)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tester")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)
