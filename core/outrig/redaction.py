"""Keeping secrets out of output, records and errors. Imports nothing."""

from __future__ import annotations

HIDDEN = "***"
_SHORTEST = 4
"""A secret that is shorter would blank out half of every message."""


class Redactor:
    """Knows the secrets of this process and takes them out of text."""

    def __init__(self) -> None:
        self._secrets: tuple[str, ...] = ()

    def add(self, secret: str) -> None:
        """Remember a secret; longer ones are taken out first, in case one holds another."""
        if len(secret) >= _SHORTEST and secret not in self._secrets:
            secrets = (*self._secrets, secret)
            self._secrets = tuple(sorted(secrets, key=lambda one: (-len(one), one)))

    def redact(self, text: str) -> str:
        """Return `text` with `***` for every secret in it."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


REDACTOR = Redactor()
"""The one of this process: whoever resolves settings adds to it, whoever prints asks it."""
