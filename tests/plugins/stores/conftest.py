"""Real servers for the stores, in threads of the test's process."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import localbucket
import pytest

from outrig_stores.retrying import Retrying
from outrig_stores.s3 import S3Store, S3StoreSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

REGION = "eu-central-1"


class Rule:
    """What a server does to requests: the first rule that fits a request is applied.

    `status` and `code` answer it; `cut` closes the connection after so many bytes of the answer;
    `lost` carries the request out and then closes the connection; `before` is called first. `times`
    is how often, after the first `skip` requests that fit.
    """

    def __init__(
        self,
        method: str,
        part: str = "",
        *,
        status: int = 0,
        code: str = "",
        cut: int = -1,
        lost: bool = False,
        times: int = 1,
        skip: int = 0,
        before: Callable[[], None] | None = None,
    ) -> None:
        self.method = method
        self.part = part
        self.status = status
        self.code = code
        self.cut = cut
        self.lost = lost
        self.times = times
        self.skip = skip
        self.before = before


RuleMaker = type[Rule]


class S3Server:
    """An S3 server on a directory, with faults on request and a list of what was asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rules: list[Rule] = []
        self.requests: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        self.url = ""

    def take(self, method: str, path: str) -> Rule | None:
        """Note a request, and return the rule that it falls under."""
        with self.lock:
            self.requests.append((method, path))
            for rule in self.rules:
                if rule.method not in (method, "*") or rule.part not in path or not rule.times:
                    continue
                if rule.skip:
                    rule.skip -= 1
                    continue
                rule.times -= 1
                return rule
        return None

    def count(self, method: str, part: str = "") -> int:
        """Return how many requests there were."""
        with self.lock:
            return sum(one == method and part in path for one, path in self.requests)


class _CutWriter:
    """Passes so many bytes on, then breaks the connection."""

    def __init__(self, handler: BaseHTTPRequestHandler, left: int) -> None:
        self._handler = handler
        self._inner = handler.wfile
        self._left = left

    def write(self, data: bytes) -> int:
        if len(data) > self._left:
            self._inner.write(data[: self._left])
            self._inner.flush()
            self._handler.close_connection = True
            raise ConnectionAbortedError
        self._left -= len(data)
        return self._inner.write(data)

    def flush(self) -> None:
        self._inner.flush()


def _handler(server: S3Server) -> type[BaseHTTPRequestHandler]:
    class Handler(localbucket.S3Handler):  # type: ignore[misc]
        data_root = server.root
        wfile: Any

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

        def _read_body(self) -> bytes:
            """Take no body that was cut short: S3 answers IncompleteBody and keeps nothing."""
            body: bytes = super()._read_body()
            sent = self.headers.get("x-amz-decoded-content-length", self.headers["Content-Length"])
            if sent is not None and len(body) < int(sent):
                self.close_connection = True
                raise ConnectionAbortedError
            return body

        def _fault_then(self, answer: Callable[[], None]) -> None:
            rule = server.take(self.command, self.path)
            if rule is None:
                answer()
                return
            if rule.before is not None:
                rule.before()
            if rule.status == 0 and rule.cut < 0 and not rule.lost:
                answer()
                return
            if rule.status:
                self._read_body()
                self._refuse(rule)
                return
            writer = self.wfile
            self.wfile = _CutWriter(self, 0 if rule.lost else rule.cut)
            try:
                answer()
            except ConnectionAbortedError:
                self.close_connection = True
            finally:
                self.wfile = writer

        def _refuse(self, rule: Rule) -> None:
            body = f"<Error><Code>{rule.code}</Code><Message>as asked</Message></Error>".encode()
            head = self.command == "HEAD"
            self.send_response(rule.status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/xml")
            if rule.code == "PermanentRedirect":
                self.send_header("x-amz-bucket-region", "ap-south-1")
            self.end_headers()
            if not head:
                self.wfile.write(body)

        def do_GET(self) -> None:  # noqa: N802 - the base class names it
            self._fault_then(super().do_GET)

        def do_PUT(self) -> None:  # noqa: N802 - the base class names it
            self._fault_then(super().do_PUT)

        def do_POST(self) -> None:  # noqa: N802 - the base class names it
            self._fault_then(super().do_POST)

        def do_HEAD(self) -> None:  # noqa: N802 - the base class names it
            self._fault_then(super().do_HEAD)

        def do_DELETE(self) -> None:  # noqa: N802 - the base class names it
            self._fault_then(super().do_DELETE)

    return Handler


class _Threads(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_arguments: object) -> None:
        """Clients that go away are what the tests are about."""


@contextmanager
def served(server: S3Server) -> Iterator[S3Server]:
    """Serve it on a port of its own."""
    with _Threads(("127.0.0.1", 0), _handler(server)) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        server.url = f"http://127.0.0.1:{http.server_port}"
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


@pytest.fixture
def rule() -> type[Rule]:
    """Make rules for the server: `s3.rules.append(rule("PUT", status=503))`."""
    return Rule


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    """An S3 server with the bucket `snaps`."""
    root = tmp_path / "s3"
    (root / "snaps").mkdir(parents=True)
    with served(S3Server(root)) as server:
        yield server


@pytest.fixture
def s3_settings(s3: S3Server) -> S3StoreSettings:
    """What reaches the server."""
    return S3StoreSettings(
        endpoint=s3.url,
        region=REGION,
        access_key="key-of-a-test",
        secret_key="secret-of-a-test",
        addressing="path",
    )


@pytest.fixture
def store(s3_settings: S3StoreSettings) -> S3Store:
    """A store in it, which does not wait long between attempts."""
    return S3Store("s3://snaps/team/outrig", s3_settings, Retrying(draw=lambda: 0.01))
