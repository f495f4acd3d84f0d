"""`bai app` and `bai apps`: what there is, ports of the session's own programs, and how it ends."""

from __future__ import annotations

import signal
import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from outrig.errors import PluginError
from outrig_backendai.services.serving import needs

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from tests.plugins.backendai.conftest import Bai

SERVE = """import http.server, os
class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        text = os.environ["BACKENDAI_SESSION_NAME"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *_): pass
with http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Page) as server:
    print("listening", flush=True)
    server.serve_forever()
"""


def free_port() -> int:
    """Return a port that nothing listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_preopened_port_is_reached_and_refused_as_an_answer(bai: Bai, run: CommandLine) -> None:
    port = free_port()
    bai("start", "-t", "ports", "--preopen", str(port), "python").checked()
    app = run.start("bai", "app", "-p", "preopen", "-b", "0", "ports", str(port))
    address = app.read_line().strip()
    assert address.startswith("http://127.0.0.1:")
    with pytest.raises(urllib.error.HTTPError, match="503") as refused:
        urllib.request.urlopen(address, timeout=60)
    assert b"Nothing listens at this port" in refused.value.read()
    server = run.start(
        "bai", "run", "-t", "ports", "-c", SERVE.replace("PORT", str(port)), "python"
    )
    while "listening" not in server.read_line():
        pass
    for _ in range(3):
        with urllib.request.urlopen(address, timeout=60) as page:
            assert page.read() == b"ports"
    app.send(signal.SIGINT)
    ended = app.wait()
    assert ended.exit_code == 0
    assert ended.err.splitlines()[-1] == f'The local proxy to "{port}" has terminated.'
    server.send(signal.SIGINT)
    server.wait()


def test_services_are_listed_and_an_unknown_one_fails_at_once(bai: Bai) -> None:
    started = bai("start", "-t", "mysess", "--preopen", "8123", "python").checked()
    assert started.out.endswith("app services: sshd, ttyd, jupyter, 8123\n")
    assert bai("apps", "-l", "mysess").checked().out.split() == ["sshd", "ttyd", "jupyter", "8123"]
    table = bai("apps", "mysess", "jupyter", "8123").checked().out
    assert "any option of `jupyter lab`" in table
    assert "preopen" in table
    for words in (("app", "mysess", "nope"), ("apps", "mysess", "nope")):
        failed = bai(*words)
        assert failed.exit_code == 4
        assert 'has no app "nope" (has: sshd, ttyd, jupyter, 8123)' in failed.err


def test_what_cannot_be_bound_is_said_in_one_line(bai: Bai) -> None:
    bai("start", "-t", "mysess", "python").checked()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for service in ("ttyd", "sshd"):
            failed = bai("app", "-b", port, "mysess", service)
            assert failed.exit_code == 2
            assert f"port {port} of 127.0.0.1 cannot be taken" in failed.err
    for wrong in ("nope", ":80", "1.2.3.4:99999"):
        assert bai("app", "-b", wrong, "mysess", "ttyd").exit_code == 2


def test_without_such_a_session_nothing_listens(bai: Bai) -> None:
    assert bai("app", "nobody", "ttyd").exit_code == 4
    assert bai("apps", "nobody").exit_code == 4


def test_what_is_not_installed_is_said_with_how_to_install_it() -> None:
    needs("json", "socket")
    with pytest.raises(PluginError, match="no_such_module is not installed") as missing:
        needs("json", "no_such_module")
    assert missing.value.hint == "pip install 'outrig[bai]'"
