"""`ray job submit` beside ours, on one Ray of this computer."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Case
from benchmarks.place import BIN
from benchmarks.table import Comparison, Table, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.place import Place

START_S = 300
TEXT = (
    "A job that does nothing, with a working directory of 20 small files that the cluster has "
    "already, on a Ray of this computer: followed to its end, and only handed over. Most of the "
    "former is Ray's own start of the job."
)


def jobs(place: Place, rounds: int) -> Iterator[str]:
    """Yield the table as Markdown; says so where there is no Ray."""
    if not (BIN / "ray").exists():
        yield "## Ray jobs\n\nNot measured: it needs Ray.\n"
        return
    work = place.root / "job"
    work.mkdir()
    for number in range(20):
        (work / f"module{number}.py").write_text(f"NUMBER = {number}\n")
    with _head() as url:
        comparisons = [_beside(place, work, url), _beside(place, work, url, "--no-wait")]
        title = "Ray jobs"
        yield render(Table(title=title, text=TEXT, comparisons=comparisons, rounds=rounds))


def _beside(place: Place, work: Path, url: str, *words: str) -> Comparison:
    rest = ("--working-dir", str(work), "--", "true")

    def case(tool: str, *argv: str) -> Case:
        return Case(
            name=f"`{' '.join([tool, 'job submit', *words])}`",
            argv=[*argv, "job", "submit", *words, "--address", url, *rest],
            cwd=work,
            variables={**place.variables, "RAY_USAGE_STATS_ENABLED": "0"},
        )

    return Comparison(
        ours=case("outrig ray", str(BIN / "outrig"), "ray"),
        against=case("ray", str(BIN / "ray")),
        wall_bound=None,
    )


@contextmanager
def _head() -> Iterator[str]:
    """Run a Ray on this computer, and give the address of its dashboard."""
    directory = tempfile.mkdtemp(prefix="r", dir="/tmp")  # sockets lie below: a short path
    port, client, agent = _free_ports()
    words = [
        *(str(BIN / "ray"), "start", "--head", "--port=0", f"--dashboard-port={port}"),
        *(f"--ray-client-server-port={client}", f"--dashboard-agent-listen-port={agent}"),
        *("--min-worker-port=0", "--max-worker-port=0", "--node-ip-address=127.0.0.1"),
        *("--object-store-memory=80000000", "--disable-usage-stats", f"--temp-dir={directory}"),
    ]
    null = subprocess.DEVNULL
    try:
        subprocess.run(words, stdin=null, stdout=null, check=True)
        url = f"http://localhost:{port}"
        _await_nodes(url)
        yield url
    finally:
        while _killed(directory) or Path(directory).exists():  # workers may still write there
            shutil.rmtree(directory, ignore_errors=True)
            time.sleep(0.1)


def _await_nodes(url: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"{url}/api/v0/nodes") as answer:
            if b'"ALIVE"' in answer.read():
                return
        time.sleep(0.2)
    raise RuntimeError("Ray does not start")


def _free_ports() -> tuple[int, ...]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    ports = tuple(int(one.getsockname()[1]) for one in taken)
    for one in taken:
        one.close()
    return ports


def _killed(directory: str) -> bool:
    """Kill what is there of the Ray in that directory; its workers end with it."""
    found = False
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"={directory}".encode() in (entry / "cmdline").read_bytes():
                found = True
                os.kill(int(entry.name), signal.SIGKILL)
    return found
