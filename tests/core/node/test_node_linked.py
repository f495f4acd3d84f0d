"""What a node fetches by links: only what was asked for, whole, and not for ever."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from outrig.node.program.linked import (
    LINK_TRIES,
    LINKS_AT_ONCE,
    Fetching,
    follow,
    is_reachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTENT = bytes(range(256)) * 40


class Server(ThreadingHTTPServer):
    """Gives ranges of some content; `answer` may do something else with a request."""

    daemon_threads = True
    answer: Callable[[BaseHTTPRequestHandler], bool] | None = None
    asked = 0

    def handle_error(self, *_arguments: object) -> None:
        """Say nothing."""


class Handler(BaseHTTPRequestHandler):
    """Answers with the range that is asked for."""

    server: Server

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.server.answer is not None and self.server.answer(self):
            return
        first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
        reply(self, 206, CONTENT[int(first) : int(last) + 1])


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> bool:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
    return True


@contextmanager
def serving() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that does what it is asked."""
    with serving() as found:
        yield found


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing stand between."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def link(server: Server, start: int, length: int) -> dict[str, object]:
    url = f"http://127.0.0.1:{server.server_port}/pack?signature=x"
    return {"url": url, "start": start, "length": length, "blocks": []}


def fetched(links: list[dict[str, object]]) -> dict[object, bytes]:
    """Return what could be fetched, by where it starts."""
    found: dict[object, bytes] = {}
    fetching = Fetching(links)
    while fetching.working:
        one = fetching.done.get(timeout=60)
        if one is None:
            fetching.working -= 1
        elif one[1] is not None:
            found[one[0]["start"]] = one[1]
    return found


def test_a_link_gives_what_it_leads_to(server: Server) -> None:
    assert follow(link(server, 300, 700)) == CONTENT[300:1000]


def test_many_links_are_followed_several_at_once(server: Server) -> None:
    starts = range(0, 10_000, 100)
    found = fetched([link(server, start, 100) for start in starts])
    assert found == {start: CONTENT[start : start + 100] for start in starts}


@pytest.mark.parametrize(
    ("status", "body"), [(200, CONTENT), (206, b"short"), (206, CONTENT), (403, b"no")]
)
def test_what_is_not_the_range_is_no_answer(server: Server, status: int, body: bytes) -> None:
    server.answer = lambda handler: reply(handler, status, body)
    with pytest.raises(OSError, match=r"range|instead of|403"):
        follow(link(server, 0, 700))


def test_what_is_no_http_is_an_error_of_the_connection(server: Server) -> None:
    server.answer = lambda handler: bool(handler.wfile.write(b"garbage\r\n\r\n"))
    with pytest.raises(OSError, match="garbage"):
        follow(link(server, 0, 700))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher:x", ""])
def test_links_lead_to_web_servers_only(server: Server, url: str) -> None:
    with pytest.raises(ValueError, match="something else than a web server"):
        follow({**link(server, 0, 700), "url": url})


@pytest.mark.parametrize("length", [0, -1, 1 << 40])
def test_a_link_to_nothing_or_too_much_is_not_followed(server: Server, length: int) -> None:
    with pytest.raises(ValueError, match="a link to"):
        follow(link(server, 0, length))
    assert server.asked == 0


def test_what_fails_once_is_tried_again(server: Server) -> None:
    once = [True]
    server.answer = lambda handler: once.pop() and reply(handler, 503, b"busy") if once else False
    starts = range(0, 2000, 100)
    assert len(fetched([link(server, start, 100) for start in starts])) == len(starts)


def test_a_store_that_refuses_is_not_asked_for_everything(server: Server) -> None:
    server.answer = lambda handler: reply(handler, 403, b"no")
    assert fetched([link(server, start, 100) for start in range(0, 10_000, 100)]) == {}
    assert server.asked <= LINKS_AT_ONCE * LINK_TRIES


def test_who_takes_slowly_gets_all_that_was_fetched_before_a_refusal(server: Server) -> None:
    server.answer = lambda handler: server.asked > 3 and reply(handler, 403, b"no")
    fetching = Fetching([link(server, start, 100) for start in range(0, 3000, 100)])
    found = []
    while fetching.working:
        threading.Event().wait(0.7)  # a disk that is slow; more than threads wait at once
        one = fetching.done.get(timeout=60)
        if one is None:
            fetching.working -= 1
        elif one[1] is not None:
            found.append(one[0]["start"])
    assert len(found) >= 3


def test_only_what_listens_is_reachable(server: Server) -> None:
    assert is_reachable(str(link(server, 0, 1)["url"]))
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))  # taken, and nobody listens
        assert not is_reachable(f"https://127.0.0.1:{one.getsockname()[1]}/x")
    assert not is_reachable("https://[::1")
