"""Telling a web address of something that happened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def post_json(url: str, facts: Mapping[str, object], timeout_s: float) -> None:
    """Send facts to an address of `http` or `https`; raises `OSError`, `ValueError`."""
    from urllib.request import Request, urlopen

    data = json.dumps(dict(facts)).encode()
    request = Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310 - checked
    with urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 - checked when it was given
        answer.read(1024)
