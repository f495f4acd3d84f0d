"""Where a cluster's dashboard is, and what every request to it carries."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from outrig.errors import UsageError

DASHBOARD_PORT = 8265
HERE = f"http://127.0.0.1:{DASHBOARD_PORT}"
VARIABLES = ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS")
HEADERS_VARIABLE = "RAY_JOB_HEADERS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A dashboard's URL without a slash at its end, and how to speak to it.

    `verify` is whether a server's certificate is checked, or the file or directory of those that
    are trusted.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    verify: bool | str = True


def dashboard_address(
    asked: str | None, headers: str | None = None, verify: str | None = None
) -> Address:
    """Return the dashboard that was asked for, or that the environment names, or this computer's.

    Raises `UsageError`.
    """
    text = asked or next((os.environ[one] for one in VARIABLES if os.environ.get(one)), HERE)
    return Address(
        url=_url(text),
        headers=_headers(headers or os.environ.get(HEADERS_VARIABLE)),
        verify=_verify(verify),
    )


def _url(text: str) -> str:
    """Read a URL, `ray://host:port`, `host:port` or `auto`.

    The dashboard of what is named by another port than its own is looked for at its usual one.
    """
    if text == "auto":
        return HERE
    url = text if "://" in text else f"gcs://{text}"
    try:
        parts = urlsplit(url)
        known = parts.port is None or parts.port > 0
    except ValueError:
        known = False
    if not known or not parts.hostname or parts.scheme not in ("http", "https", "ray", "gcs"):
        raise UsageError(
            f'"{text}" is not the address of a Ray dashboard', hint="write http://ray.example:8265"
        )
    if parts.scheme in ("http", "https"):
        return url.rstrip("/")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return "http://" + f"{host}:{DASHBOARD_PORT}"


def _headers(text: str | None) -> dict[str, str]:
    found = json_object("headers", text)
    wrong = next((one for one, value in found.items() if not _is_header(one, value)), None)
    if wrong is not None:
        raise UsageError(f'--headers: "{wrong}" is not one line of text')
    return {name: str(value) for name, value in found.items()}


def _is_header(name: str, value: object) -> bool:
    return isinstance(value, str | int | float) and not any(
        one in f"{name}{value}" for one in "\r\n\0"
    )


def _verify(text: str | None) -> bool | str:
    if text is None or text.lower() in ("true", "1", "yes"):
        return True
    if text.lower() in ("false", "0", "no"):
        return False
    if not Path(text).expanduser().exists():
        raise UsageError(
            f"--verify: there is no file and no directory {text}",
            hint="write true, false, or where the trusted certificates are",
        )
    return str(Path(text).expanduser())


def json_object(option: str, text: str | None) -> dict[str, object]:
    """Read an option's JSON object; raises `UsageError`."""
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except ValueError as err:
        raise UsageError(f"--{option} is not JSON: {err}") from None
    if not isinstance(found, dict):
        raise UsageError(f"--{option} is not a JSON object", hint='write {"NAME": "VALUE"}')
    return found


def amounts(option: str, found: Mapping[str, object]) -> dict[str, float]:
    """Read amounts of resources by name; raises `UsageError`."""
    wrong = next(
        (name for name, one in found.items() if isinstance(one, bool) or not _is_amount(one)), None
    )
    if wrong is not None:
        raise UsageError(f'--{option}: "{wrong}" is not a number of 0 or more')
    return {name: float(str(one)) for name, one in found.items()}


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and value >= 0
