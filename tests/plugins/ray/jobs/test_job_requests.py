"""What a dashboard answers that is not what was hoped for, and where it is looked for."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

import pytest

from outrig.errors import (
    AuthError,
    NotFoundError,
    OutrigError,
    RemoteError,
    UnreachableError,
    UsageError,
)
from outrig_ray.jobs.address import Address, dashboard_address
from outrig_ray.jobs.client import Jobs, end_of
from outrig_ray.jobs.dashboard import Dashboard
from outrig_ray.jobs.job import Job, JobStatus, NewJob, job_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.testing.command_line import CommandLine


class Answers(BaseHTTPRequestHandler):
    """Answers every request with what the test says."""

    said: ClassVar[tuple[int, bytes]] = (200, b"{}")
    heard: ClassVar[list[tuple[str, str | None, bytes]]] = []

    def do_GET(self) -> None:
        """Answer."""
        length = int(self.headers.get("Content-Length") or 0)
        self.heard.append((self.path, self.headers.get("Token"), self.rfile.read(length)))
        code, text = self.said
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_DELETE = do_PUT = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def dashboard() -> Iterator[Dashboard]:
    """A dashboard that answers what `Answers.said` holds."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Answers.heard.clear()
    url = f"http://127.0.0.1:{server.server_port}"
    yield Dashboard(Address(url=url, headers={"Token": "secret"}))
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("code", "text", "kind", "said"),
    [
        (401, b"", AuthError, "refuses us: Unauthorized"),
        (403, b"who are you", AuthError, "who are you"),
        (404, b"Job x does not exist", NotFoundError, "Job x does not exist"),
        (413, b"Maximum request body size exceeded", RemoteError, "no upload of this size"),
        (500, b"Traceback:\n  File x\nValueError: wrong \x1b[31m\n.\n", RemoteError, "wrong"),
        (500, b"x" * 5000, RemoteError, "xxx…"),
        (200, b"<html>", RemoteError, "no Ray dashboard"),
    ],
)
def test_what_is_answered_has_a_meaning(
    dashboard: Dashboard, code: int, text: bytes, kind: type[OutrigError], said: str
) -> None:
    Answers.said = (code, text)
    with pytest.raises(kind) as caught:
        dashboard.get("api", "version")
    assert said in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_request_carries_headers_and_a_safe_path(dashboard: Dashboard) -> None:
    Answers.said = (200, b'{"submission_id": "x"}')
    assert dashboard.get("api", "jobs", "a/../b c")["submission_id"] == "x"
    dashboard.post("api", "jobs", "", body={"a": 1})
    dashboard.put("api", "packages", data=b"123")
    dashboard.delete("api", "jobs", "x")
    assert [path for path, _, _ in Answers.heard] == [
        "/api/jobs/a%2F..%2Fb%20c",
        "/api/jobs/",
        "/api/packages",
        "/api/jobs/x",
    ]
    assert {token for _, token, _ in Answers.heard} == {"secret"}
    assert json.loads(Answers.heard[1][2]) == {"a": 1}
    assert Answers.heard[2][2] == b"123"


def test_a_dashboard_that_is_not_there_is_asked_again_and_said() -> None:
    pauses: list[float] = []
    gone = Dashboard(Address(url="http://127.0.0.1:1"), sleep=pauses.append)
    with pytest.raises(UnreachableError, match="no Ray dashboard answers"):
        gone.get("api", "version")
    assert len(pauses) == 2
    with pytest.raises(NotFoundError):
        Jobs(gone.address).job("..")


def test_the_address_is_the_option_the_environment_or_this_computer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert dashboard_address(None).url == "http://127.0.0.1:8265"
    monkeypatch.setenv("RAY_ADDRESS", "ray://ray.example:10001")
    assert dashboard_address(None).url == "http://ray.example:8265"
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "https://proxy.example/ray/")
    assert dashboard_address(None).url == "https://proxy.example/ray"
    assert dashboard_address("auto").url == "http://127.0.0.1:8265"
    assert dashboard_address("[::1]:6379").url == "http://[::1]:8265"
    monkeypatch.setenv("RAY_JOB_HEADERS", '{"A": "b"}')
    assert dashboard_address(None).headers == {"A": "b"}
    assert dashboard_address(None, verify="false").verify is False


@pytest.mark.parametrize(
    "wrong", ["ftp://x", "http://", "host:port", "a b://", "http://ray.example:99999"]
)
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match="is not the address of a Ray dashboard"):
        dashboard_address(wrong)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--headers", "[]"), "--headers is not a JSON object"),
        (("--headers", '{"a": "b\\r\\nc"}'), '"a" is not one line'),
        (("--headers", "{"), "--headers is not JSON"),
        (("--verify", "/no/such/file"), "--verify: there is no file"),
        (("--entrypoint-resources", '{"a": -1}'), '"a" is not a number of 0 or more'),
        (("--runtime-env", "no.yaml"), "no.yaml cannot be read"),
        (("--runtime-env", "x", "--runtime-env-json", "{}"), "exclude each other"),
        (("--working-dir", "/no/such"), "/no/such is not a directory"),
        (("--entrypoint-memory", "1g"), "is not a whole number"),
    ],
)
def test_options_that_are_wrong_are_said_before_anything_is_sent(
    run: CommandLine, words: tuple[str, str], said: str
) -> None:
    done = run("ray", "job", "submit", "--address", "http://127.0.0.1:1", *words, "--", "true")
    assert done.exit_code == 125
    assert said in done.err
    assert done.out == ""


def test_a_cluster_that_does_not_answer_is_one_line(run: CommandLine) -> None:
    done = run("ray", "job", "list", "--address", "http://127.0.0.1:1")
    assert done.exit_code == 7
    assert done.err.splitlines()[0].startswith("outrig: error: no Ray dashboard answers at")


def test_a_job_is_read_as_ray_tells_it() -> None:
    told = {"submission_id": "x", "status": "FAILED", "driver_exit_code": -9, "start_time": 1000}
    job = job_of(told)
    assert (job.id, job.exit_code, job.message, job.ended_at) == ("x", 137, "", None)
    assert end_of(job) == 137
    wrongs: list[object] = [
        {},
        {"status": "ODD"},
        [],
        {"status": "FAILED", "driver_exit_code": "x"},
    ]
    for wrong in wrongs:
        with pytest.raises(RemoteError, match="nobody can read"):
            job_of(wrong)
    with pytest.raises(RemoteError, match='"y" STOPPED: no reason is known'):
        end_of(Job(id="y", status=JobStatus.STOPPED, entrypoint="true"))


def test_a_request_for_a_job_says_only_what_was_asked() -> None:
    assert NewJob(entrypoint="true").body() == {"entrypoint": "true"}
    assert NewJob(entrypoint="x", cpus=0, resources={"a": 1}).body() == {
        "entrypoint": "x",
        "entrypoint_num_cpus": 0,
        "entrypoint_resources": {"a": 1},
    }
