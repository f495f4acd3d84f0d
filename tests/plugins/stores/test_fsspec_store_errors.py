"""What fsspec's file systems raise, and what of it users see."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from outrig.errors import (
    AuthError,
    ConfigError,
    NotFoundError,
    OutrigError,
    PluginError,
    StoreError,
)
from outrig_stores.fsspec_store import FsspecSettings, FsspecStore
from outrig_stores.gs import GsSettings, GsStore
from outrig_stores.retrying import Retrying

if TYPE_CHECKING:
    from pathlib import Path


class _HttpError(Exception):
    """As gcsfs raises them."""

    def __init__(self, code: int) -> None:
        super().__init__(f"said\n{code}")
        self.code = code


class _Failing:
    """A file system whose every call fails, so often."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error = error
        self.times = times
        self.calls = 0

    def _strip_protocol(self, url: str) -> str:
        return url.partition("://")[2]

    def _fail(self, *_arguments: object, **_options: object) -> Any:
        self.calls += 1
        if self.calls <= self.times:
            raise self.error
        return b"data"

    cat_file = pipe_file = find = rm_file = _fail

    def invalidate_cache(self) -> None:
        """Nothing is kept."""


class _FailingStore(FsspecStore):
    def __init__(self, error: Exception, times: int = 1000) -> None:
        waits = Retrying(attempts=4, wait=lambda _seconds: None)
        super().__init__("memory://x", FsspecSettings(), waits)
        self.system = _Failing(error, times)

    def file_system(self) -> _Failing:
        """Fail."""
        return self.system


@pytest.mark.parametrize(
    ("error", "becomes", "calls"),
    [
        (FileNotFoundError("x"), NotFoundError, 1),
        (_HttpError(404), NotFoundError, 1),
        (PermissionError("no"), AuthError, 1),
        (_HttpError(403), AuthError, 1),
        (_HttpError(503), StoreError, 4),
        (_HttpError(429), StoreError, 4),
        (ConnectionResetError("reset"), StoreError, 4),
        (TimeoutError(), StoreError, 4),
        (OSError("odd"), StoreError, 1),
    ],
)
def test_errors_are_one_line_and_what_is_temporary_is_tried_again(
    error: Exception, becomes: type[OutrigError], calls: int
) -> None:
    store = _FailingStore(error)
    with pytest.raises(becomes) as caught:
        store.get("packs/x")
    assert "\n" not in str(caught.value)
    assert store.system.calls == calls
    if not isinstance(error, FileNotFoundError):
        with pytest.raises(becomes):
            store.put("packs/x", b"data", if_absent=False)


def test_what_passes_is_not_seen() -> None:
    assert _FailingStore(_HttpError(503), 3).get("packs/x") == b"data"
    assert _FailingStore(_HttpError(412), 1).put("packs/x", b"new", if_absent=True) is False
    assert _FailingStore(_HttpError(416), 1).get("packs/x", 10) == b""


def test_a_protocol_that_nobody_knows_is_refused() -> None:
    with pytest.raises(PluginError, match='no store named "s4" is installed'):
        FsspecStore("s4://x/y", FsspecSettings())


@pytest.mark.parametrize("url", ["gs://", "memory:///", "memory:x"])
def test_a_url_without_a_place_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="names no place"):
        FsspecStore(url, FsspecSettings())


@pytest.mark.parametrize("options", ["{", "[]", '"x"'])
def test_options_that_are_no_object_are_refused(options: str) -> None:
    with pytest.raises(ConfigError, match=r"stores\.fsspec\.options is not"):
        list(FsspecStore("memory://x", FsspecSettings(options=options)).list(""))


def test_options_reach_the_file_system(tmp_path: Path) -> None:
    options = json.dumps({"auto_mkdir": True})
    store = FsspecStore(f"local://{tmp_path}/deep/er", FsspecSettings(options=options))
    store.put("packs/x", b"data", if_absent=True)
    assert (tmp_path / "deep/er/packs/x").read_bytes() == b"data"
    assert list((tmp_path / "deep/er/.writing").iterdir()) == []


def test_settings_of_gcs_become_options() -> None:
    settings = GsSettings(project="p", token="anon", endpoint="http://127.0.0.1:1")
    options = GsStore("gs://bucket/x", settings).file_system_options()
    assert options == {
        "use_listings_cache": False,
        "project": "p",
        "token": "anon",
        "endpoint_url": "http://127.0.0.1:1",
    }
