"""Telling somebody of a sweep's end, and what runs say of themselves where they cannot."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import outrig
from outrig.api import Outrig
from outrig.errors import PluginError, UsageError
from outrig.model.project import Compute
from outrig.model.run import RunStatus
from outrig.model.sweep import Sweep, SweepCase, SweepOptions, SweepState
from outrig.session.runtime import utc_now
from outrig.state.journal import NoJournal
from outrig.sweep.notify import check_target, notify
from outrig.sweep.results import metric_names, sorted_by

if TYPE_CHECKING:
    from collections.abc import Iterator

SWEEP = Sweep(
    id="01TEST",
    name="train-1",
    project_id="p",
    project_name="toy",
    project_root=Path("/nowhere"),
    command="train",
    state=SweepState.SUCCEEDED,
    created_at=utc_now(),
    size=2,
    names=("lr",),
    session_name="toy",
    snapshot_id="s",
    snapshot_digest="d",
    compute=Compute(),
)


def case(number: int, lr: str, **metrics: float) -> SweepCase:
    return SweepCase(
        number=number,
        digest=str(number),
        params={"lr": lr},
        script="true",
        run_id=f"r{number}",
        status=RunStatus.SUCCEEDED,
        metrics=metrics,
    )


@contextmanager
def hook(status: int) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Serve a web hook that answers with a status, and give its URL and what it was told."""
    told: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/x", told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def problems(*targets: str) -> list[str]:
    with Outrig() as engine:
        engine.state.sweeps.add(SWEEP, [case(0, "1"), case(1, "2")])
        return list(notify(engine, replace(SWEEP, options=SweepOptions(notify=targets))))


def test_a_web_hook_is_told_the_facts(outrig_home: Path) -> None:
    with hook(200) as (url, told):
        assert problems(f"webhook:{url}") == []
    assert told == [
        {
            "sweep": "train-1",
            "id": "01TEST",
            "project": "toy",
            "state": "SUCCEEDED",
            "cases": 2,
            "succeeded": 2,
        }
    ]


def test_who_cannot_be_told_is_said_and_the_others_are_told(outrig_home: Path) -> None:
    with hook(500) as (url, told):
        found = problems("command:exit 3", f"webhook:{url}")
    assert [one.partition(" ")[0] for one in found] == ["command", "webhook"]
    assert "500" in found[1]
    assert len(told) == 1


@pytest.mark.parametrize("text", ["", "mail", "command:", "webhook:ftp://x", "desktop:x"])
def test_who_is_nobody(text: str) -> None:
    with pytest.raises(UsageError, match="is nobody to tell"):
        check_target(text)


def test_metrics_that_cannot_be_written_end_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTRIG_METRICS", str(tmp_path / "gone" / "metrics"))
    outrig.metric("loss", 1)
    monkeypatch.setenv("OUTRIG_METRICS", str(tmp_path / "metrics"))
    outrig.metric("loss", 1)
    outrig.metric("loss", 0.5, step=2)
    lines = (tmp_path / "metrics").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"name": "loss", "value": 1.0},
        {"name": "loss", "value": 0.5, "step": 2.0},
    ]
    monkeypatch.delenv("OUTRIG_METRICS")
    outrig.metric("loss", 1)


def test_results_are_sorted_by_numbers_and_words() -> None:
    cases = [case(0, "10", loss=2), case(1, "9"), case(2, "x", loss=1)]
    assert metric_names(cases) == ("loss",)
    assert [one.number for one in sorted_by(cases, ("lr",), "loss")] == [2, 0, 1]
    assert [one.number for one in sorted_by(cases, ("lr",), "-loss")] == [0, 2, 1]
    assert [one.number for one in sorted_by(cases, ("lr",), "lr")] == [1, 0, 2]
    assert [one.number for one in sorted_by(cases, ("lr",), "-case")] == [2, 1, 0]
    with pytest.raises(UsageError, match='"depth" is neither a metric nor a parameter'):
        sorted_by(cases, ("lr",), "depth")


def test_expanders_make_nothing_outside() -> None:
    with pytest.raises(PluginError, match="nothing may be made here"):
        NoJournal().intend("node", scope="eu", token="t", tags={})
