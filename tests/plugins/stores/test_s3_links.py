"""Links to parts of objects in S3: for these bytes only, and without credentials in them."""

from __future__ import annotations

import urllib.parse
import urllib.request
from typing import TYPE_CHECKING

import pytest

from outrig_stores.s3 import S3Store, S3StoreSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.plugins.stores.conftest import S3Server

SECRET = "a-very-secret-key"


def store(url: str = "s3://bucket/team", **settings: str) -> S3Store:
    own = S3StoreSettings(access_key="an-id", secret_key=SECRET, **settings)  # type: ignore[arg-type]
    return S3Store(url, own)


def signed(link: str | None) -> Mapping[str, list[str]]:
    assert link is not None
    return urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({}, "bucket.s3.amazonaws.com"),
        ({"region": "eu-central-1"}, "bucket.s3.eu-central-1.amazonaws.com"),
        ({"region": "eu-central-1", "addressing": "path"}, "s3.eu-central-1.amazonaws.com"),
        ({"endpoint": "http://minio.example:9000"}, "minio.example:9000"),
    ],
)
def test_the_range_is_signed_and_the_secret_is_not_told(
    settings: dict[str, str], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    one = store(**settings)
    link = one.link("packs/aa/x", 5, 10, 600)
    assert link is not None
    assert urllib.parse.urlsplit(link).netloc == host
    assert signed(link)["X-Amz-SignedHeaders"] == ["host;range"]
    assert signed(link)["X-Amz-Expires"] == ["600"]
    assert SECRET not in link
    other = one.link("packs/aa/x", 5, 11, 600)
    assert signed(other)["X-Amz-Signature"] != signed(link)["X-Amz-Signature"]


def test_a_link_gives_the_bytes(s3: S3Server) -> None:
    one = store("s3://snaps/team", endpoint=s3.url, addressing="path")
    one.put("packs/aa/x", bytes(range(256)), if_absent=True)
    link = one.link("packs/aa/x", 5, 10, 600)
    assert link is not None
    asked = urllib.request.Request(link, headers={"Range": "bytes=5-14"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert answer.read() == bytes(range(5, 15))
