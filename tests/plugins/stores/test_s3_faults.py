"""What S3 servers and the way to them do: each is passed over, or one line that says what to do."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from outrig.errors import AuthError, ConfigError, NotFoundError, OutrigError, StoreError
from outrig.testing.directories import write_files
from outrig.testing.library import FILES, Library, picture
from outrig_stores.retrying import Retrying
from outrig_stores.s3 import S3Store, S3StoreSettings

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.steady import Clock
    from tests.plugins.stores.conftest import RuleMaker, S3Server

_MIB = 1 << 20


@pytest.fixture
def library(store: S3Store, tmp_path: Path) -> Library:
    """A small project for the store."""
    return Library(store, write_files(tmp_path / "tree", FILES))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "TooManyRequests"),
        (500, "InternalError"),
        (502, ""),
        (503, "SlowDown"),
        (503, "ServiceUnavailable"),
        (400, "RequestTimeout"),
        (409, "ConditionalRequestConflict"),
    ],
)
def test_what_is_temporary_is_tried_again(
    s3: S3Server, store: S3Store, rule: RuleMaker, status: int, code: str
) -> None:
    for method in ("PUT", "GET", "DELETE"):
        s3.rules.append(rule(method, status=status, code=code, times=3))
    assert store.put("packs/x", b"data", if_absent=True)
    assert store.get("packs/x") == b"data"
    store.delete(["packs/x"])
    assert (s3.count("PUT"), s3.count("GET"), s3.count("DELETE")) == (4, 4, 4)


def test_a_server_that_stays_busy_is_one_line_after_so_many_attempts(
    s3: S3Server, s3_settings: S3StoreSettings, rule: RuleMaker
) -> None:
    waits: list[float] = []
    store = S3Store(
        "s3://snaps", s3_settings, Retrying(attempts=5, wait=waits.append, draw=lambda: 1.0)
    )
    s3.rules.append(rule("PUT", status=503, code="SlowDown", times=1000))
    with pytest.raises(StoreError) as caught:
        store.put("packs/x", b"data", if_absent=True)
    assert str(caught.value).startswith("cannot write packs/x in s3://snaps: SlowDown")
    assert "try again" in (caught.value.hint or "")
    assert s3.count("PUT") == 5
    assert waits == [0.1, 0.2, 0.4, 0.8]


def test_nothing_is_tried_for_longer_than_its_time(clock: Clock) -> None:
    calls: list[int] = []

    def call(attempt: int) -> None:
        calls.append(attempt)
        clock.sleep(50)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        Retrying(wait=clock.sleep, clock=clock)(call, lambda _error: True)
    assert calls == [0, 1, 2]


@pytest.mark.parametrize(
    ("status", "code", "error", "hint"),
    [
        (403, "AccessDenied", AuthError, "may not do that"),
        (403, "InvalidAccessKeyId", AuthError, "AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", AuthError, "AWS_SECRET_ACCESS_KEY"),
        (400, "ExpiredToken", AuthError, "log in again"),
        (403, "RequestTimeTooSkewed", AuthError, "clock"),
        (404, "NoSuchBucket", StoreError, "make the bucket first"),
        (301, "PermanentRedirect", StoreError, "another region"),
        (400, "AuthorizationHeaderMalformed", StoreError, "another region"),
        (400, "InvalidRequest", StoreError, None),
    ],
)
def test_what_stays_wrong_is_one_line_at_once(
    s3: S3Server,
    store: S3Store,
    rule: RuleMaker,
    status: int,
    code: str,
    error: type[OutrigError],
    hint: str | None,
) -> None:
    s3.rules.append(rule("*", status=status, code=code, times=1000))
    for call in (
        lambda: store.put("packs/x", b"data", if_absent=True),
        lambda: store.get("packs/x"),
        lambda: list(store.list("packs/")),
        lambda: store.delete(["packs/x"]),
    ):
        s3.requests.clear()
        with pytest.raises(error) as caught:
            call()
        text = str(caught.value)
        assert code in text
        assert "\n" not in text
        assert (caught.value.hint is None) if hint is None else (hint in (caught.value.hint or ""))
        assert len(s3.requests) <= 2


def test_a_redirection_that_names_no_region_ends(
    s3: S3Server, store: S3Store, rule: RuleMaker
) -> None:
    s3.rules.append(rule("*", status=301, code="MovedPermanently", times=1000))
    with pytest.raises(StoreError, match="PermanentRedirect"):
        store.get("packs/x")


def test_a_taken_key_is_told_by_a_412(s3: S3Server, store: S3Store, rule: RuleMaker) -> None:
    s3.rules.append(rule("PUT", status=412, code="PreconditionFailed"))
    assert not store.put("snapshots/x", b"data", if_absent=True)
    with pytest.raises(NotFoundError):
        store.get("snapshots/x")


def test_a_write_whose_answer_was_lost_was_ours(
    s3: S3Server, store: S3Store, rule: RuleMaker
) -> None:
    s3.rules.append(rule("PUT", lost=True))
    assert store.put("snapshots/x", b"data", if_absent=True)
    assert s3.count("PUT") == 2
    s3.rules.append(rule("PUT", lost=True))
    assert not store.put("snapshots/x", b"other", if_absent=True)
    assert store.get("snapshots/x") == b"data"


def test_an_answer_that_is_cut_is_asked_for_again(
    s3: S3Server, store: S3Store, rule: RuleMaker
) -> None:
    data = bytes(range(256)) * 8000
    store.put("packs/x", data, if_absent=True)
    s3.rules.append(rule("GET", "packs/x", cut=1_000_000, times=2))
    assert store.get("packs/x") == data
    s3.rules.append(rule("GET", "packs/x", cut=500, times=2))
    assert store.get("packs/x", 10, 900_000) == data[10:900_010]
    s3.rules.append(rule("GET", "list-type", cut=300, times=2))
    assert [one.key for one in store.list("packs/")] == ["packs/x"]


def test_a_server_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = S3StoreSettings(
            endpoint=f"http://127.0.0.1:{port}",
            access_key="a-test",
            secret_key="a-test",
            timeout_s=0.2,
            addressing="path",
        )
        store = S3Store("s3://snaps", settings, Retrying(attempts=2, draw=lambda: 0.0))
        with pytest.raises(StoreError, match=r"Read timeout|timed out") as caught:
            store.get("packs/x")
    assert "when the store can be reached" in (caught.value.hint or "")


def test_a_server_that_is_not_there_is_one_line() -> None:
    settings = S3StoreSettings(
        endpoint="http://127.0.0.1:1", access_key="a-test", secret_key="a-test"
    )
    store = S3Store("s3://snaps", settings, Retrying(attempts=2, draw=lambda: 0.0))
    with pytest.raises(StoreError, match="Could not connect"):
        list(store.list(""))


def test_without_credentials_it_says_where_to_put_them(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    store = S3Store("s3://snaps", S3StoreSettings(endpoint=s3.url))
    with pytest.raises(AuthError, match="there are no credentials"):
        store.get("packs/x")
    with pytest.raises(AuthError, match="nobody"):
        S3Store("s3://snaps", S3StoreSettings(profile="nobody")).get("packs/x")


def test_a_server_that_knows_no_conditions_is_asked_before(
    s3: S3Server, store: S3Store, rule: RuleMaker
) -> None:
    s3.rules.append(rule("PUT", status=501, code="NotImplemented"))
    assert store.put("snapshots/x", b"first", if_absent=True)
    assert not store.put("snapshots/x", b"second", if_absent=True)
    assert store.put("snapshots/y", b"third", if_absent=True)
    assert (s3.count("PUT"), s3.count("HEAD")) == (3, 3)


def test_what_is_large_goes_up_in_parts_and_comes_in_ranges(s3: S3Server, store: S3Store) -> None:
    data = bytes(range(256)) * (20 * _MIB // 256) + b"end"
    assert store.put("packs/large", memoryview(data), if_absent=True)
    assert s3.count("PUT", "partNumber") == 3
    assert store.get("packs/large") == data
    assert store.get("packs/large", 8 * _MIB - 5, 10) == data[8 * _MIB - 5 : 8 * _MIB + 5]
    assert not store.put("packs/large", b"x" * (17 * _MIB), if_absent=True)
    assert store.put("packs/large", b"x" * (17 * _MIB), if_absent=False)


def test_parts_that_fail_are_sent_again_and_given_up_whole(
    s3: S3Server, store: S3Store, rule: RuleMaker, tmp_path: Path
) -> None:
    data = b"0123456789abcdef" * (18 * _MIB // 16)
    s3.rules += [
        rule("PUT", "partNumber=2", status=503, code="SlowDown", times=2),
        rule("POST", "uploadId", lost=True),
    ]
    assert store.put("packs/x", data, if_absent=True)
    assert store.get("packs/x") == data
    s3.rules = [rule("PUT", "partNumber=2", status=403, code="AccessDenied", times=9)]
    with pytest.raises(AuthError):
        store.put("packs/y", data, if_absent=True)
    with pytest.raises(NotFoundError):
        store.get("packs/y")
    left = tmp_path / "s3/.localbucket-uploads"
    assert list(left.iterdir()) == [], "the upload was taken back"


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "s3:bucket", "s3://-bad/x", "s3://a b"])
def test_a_url_that_names_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="names no bucket"):
        S3Store(url, S3StoreSettings())


@pytest.mark.parametrize("key", ["../x", "/etc/passwd", "a//b", ".hidden", "a\n", "", "a/../b"])
def test_keys_cannot_leave_the_prefix(store: S3Store, key: str) -> None:
    for call in (
        lambda: store.put(key, b"x", if_absent=False),
        lambda: store.get(key),
        lambda: store.delete([key]),
    ):
        with pytest.raises(StoreError, match="cannot be the key"):
            call()


def test_a_project_takes_few_requests_and_never_one_per_file(
    s3: S3Server, library: Library, tmp_path: Path
) -> None:
    write_files(library.root, {f"many/{n // 50}/{n}": f"file {n}" for n in range(1000)})
    info = library.create(name="v1").info
    assert s3.count("PUT") == 2, "a pack and a label"
    s3.requests.clear()
    assert library.create(name="v2").new_chunks == 0
    assert s3.count("PUT") == 1
    s3.requests.clear()
    assert library.restored(info, tmp_path / "back") == picture(library.root)
    assert len(s3.requests) < 20


def test_an_error_in_the_middle_of_a_create_is_made_good_by_the_next(
    s3: S3Server, library: Library, rule: RuleMaker, tmp_path: Path
) -> None:
    s3.rules.append(rule("PUT", "snapshots/", status=403, code="ExpiredToken", times=1))
    with pytest.raises(AuthError, match="ExpiredToken"):
        library.create(name="v1")
    assert library.names() == []
    made = library.create(name="v1")
    assert made.new_chunks == 0, "what was sent before is used"
    assert library.restored(made.info, tmp_path / "back") == picture(library.root)
    assert library.damages() == []
