"""Requests to a Ray dashboard, and what its answers mean."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from outrig.errors import AuthError, NotFoundError, OutrigError, RemoteError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from outrig_ray.jobs.address import Address

_ANSWER_S = 60.0
_PIECE = 64 * 1024
_MOST_TEXT = 300
_TRIES = 3
_PAUSE_S = 0.3


class Dashboard:
    """A cluster's dashboard. Methods raise `AuthError`, `NotFoundError` and `RemoteError`."""

    def __init__(self, address: Address, sleep: Callable[[float], None] = time.sleep) -> None:
        self.address = address
        self._sleep = sleep
        handler = urllib.request.HTTPSHandler(context=_trust(address.verify))
        self._opener = urllib.request.build_opener(handler)

    def get(self, *path: str, query: Mapping[str, object] | None = None) -> Any:
        """Return the JSON at a path; asked again when the connection breaks."""
        return _json(self.get_bytes(*path, query=query))

    def get_bytes(self, *path: str, query: Mapping[str, object] | None = None) -> bytes:
        """Return what is at a path; asked again when the connection breaks."""
        for turn in range(1, _TRIES + 1):
            try:
                return self._send("GET", path, query=query)
            except UnreachableError:
                if turn == _TRIES:
                    raise
                self._sleep(_PAUSE_S * turn)
        raise AssertionError("the last try returns or raises")

    def post(self, *path: str, body: Mapping[str, object] | None = None) -> Any:
        """Post JSON, and return the JSON that is answered."""
        data = json.dumps(body or {}).encode()
        return _json(self._send("POST", path, data=data, kind="application/json"))

    def put(self, *path: str, data: bytes) -> None:
        """Put bytes at a path."""
        self._send("PUT", path, data=data, kind="application/octet-stream")

    def delete(self, *path: str) -> Any:
        """Delete what is at a path, and return the JSON that is answered."""
        return _json(self._send("DELETE", path))

    def stream(self, *path: str, query: Mapping[str, object]) -> Iterator[bytes]:
        """Yield what comes from a path, as it comes, until the other side ends it."""
        with self._open("GET", path, query=query) as answer:
            while data := self._guarded(lambda: answer.read1(_PIECE)):
                yield data

    def _send(
        self,
        method: str,
        path: tuple[str, ...],
        *,
        query: Mapping[str, object] | None = None,
        data: bytes | None = None,
        kind: str | None = None,
    ) -> bytes:
        with self._open(method, path, query=query, data=data, kind=kind) as answer:
            said: bytes = self._guarded(answer.read)
            return said

    def _open(
        self,
        method: str,
        path: tuple[str, ...],
        *,
        query: Mapping[str, object] | None = None,
        data: bytes | None = None,
        kind: str | None = None,
    ) -> http.client.HTTPResponse:
        url = "/".join([self.address.url, *(quote(one, safe="") for one in path)])
        if path[-1] == "":
            url = f"{url.rstrip('/')}/"
        if query:
            url = f"{url}?{urlencode(query)}"
        headers = {**self.address.headers, **({"Content-Type": kind} if kind else {})}
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - checked
        answer: http.client.HTTPResponse = self._guarded(
            lambda: self._opener.open(request, timeout=_ANSWER_S)
        )
        return answer

    def _guarded(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except urllib.error.HTTPError as err:
            with err:
                raise self._meaning(err.code, _said(err)) from None
        except (OSError, http.client.HTTPException) as err:
            cause = err.reason if isinstance(err, urllib.error.URLError) else err
            raise self._broken(cause) from err

    def _broken(self, cause: object) -> OutrigError:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return AuthError(
                f"the certificate of {self.address.url} is not trusted: {cause.verify_message}",
                hint="give the file of the certificates you trust: --verify FILE",
            )
        reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        return UnreachableError(
            f"no Ray dashboard answers at {self.address.url}: {reason}",
            hint="name it: --address http://ray.example:8265, or a cluster of outrig ray up",
        )

    def _meaning(self, code: int, said: str) -> OutrigError:
        text = f"the Ray dashboard at {self.address.url} "
        if code in (401, 403):
            return AuthError(
                f"{text}refuses us: {said or code}",
                hint="""give what it wants: --headers '{"Authorization": "Bearer TOKEN"}'""",
            )
        if code == 404:
            return NotFoundError(f"{text}does not know it: {said or 'not found'}")
        if code == 413:
            return RemoteError(f"{text}takes no upload of this size: {said or code}")
        return RemoteError(f"{text}answers {code}: {said or 'nothing more'}")


def _said(err: urllib.error.HTTPError) -> str:
    """Return the one line that tells: of a traceback, the last that is a message."""
    try:
        text = err.read(64 * 1024).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return str(err.reason)
    lines = [one.strip() for one in text.splitlines() if one.strip().strip(".")]
    line = lines[-1] if lines else str(err.reason)
    return line if len(line) <= _MOST_TEXT else line[:_MOST_TEXT] + "…"


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        raise RemoteError(
            f"what answered is no Ray dashboard: {data[:60]!r}", hint="see --address"
        ) from None


def _trust(verify: bool | str) -> ssl.SSLContext:
    if verify is False:
        return ssl._create_unverified_context()  # noqa: S323 - asked for
    if verify is True:
        return ssl.create_default_context()
    place = Path(verify)
    try:
        if place.is_dir():
            return ssl.create_default_context(capath=verify)
        return ssl.create_default_context(cafile=verify)
    except OSError as err:
        raise AuthError(f"{verify} holds no certificates: {err.strerror or err}") from err
