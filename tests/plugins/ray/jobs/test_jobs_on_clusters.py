"""Jobs on a cluster of `outrig ray up`, by its name: over SSH, with directories of any size."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from outrig.testing.directories import write_files
from tests.plugins.ray.conftest import (
    Clusters,
    Network,
    connections,
    require_network,
    variables_of,
)
from tests.plugins.ray.test_living_cluster import cluster_text, until_started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOB_S = 240
MAIN = """\
import helper, os, sys
print(helper.WORD, os.path.getsize("weights") if os.path.exists("weights") else None)
sys.exit(3)
"""


@pytest.fixture
def alone(tmp_path: Path, away_from_home: Path) -> Iterator[Clusters]:
    """Cluster files on one machine with room for large files."""
    require_network()
    if find_spec("ray") is None:
        pytest.skip("ray is not installed here")
    network = Network(tmp_path, ("first",), home_size="1g")
    with connections(tmp_path) as sockets:
        variables = variables_of(network, away_from_home / "outrig", sockets)
        clusters = Clusters(tmp_path, network, variables)
        yield clusters
        for one in clusters("list", "--output", "json").records():
            clusters("down", str(one["name"])).checked()
    network.close()


@pytest.mark.timeout(600)
def test_a_cluster_by_name_takes_directories_of_any_size(alone: Clusters, tmp_path: Path) -> None:
    file = alone.write("big", cluster_text())
    until_started(alone, str(file), "big")
    work = write_files(tmp_path / "work", {"main.py": MAIN, "helper.py": "WORD = 'helped'\n"})
    words = ("job", "submit", "--address", "big", "--working-dir", str(work))
    done = alone(*words, "--", "python", "main.py", timeout_s=JOB_S)
    assert (done.exit_code, done.lines[-1]) == (3, "helped None"), str(done)
    assert "2 files, 0.0 MiB packed" in done.err
    (work / "weights").write_bytes(os.urandom(101 << 20))
    done = alone(*words, "--", "python", "main.py", timeout_s=JOB_S)
    assert (done.exit_code, done.lines[-1]) == (3, f"helped {101 << 20}"), str(done)
    listed = alone("job", "list", "--address", "big", "--output", "json").records()
    assert [one["status"] for one in listed] == ["FAILED", "FAILED"]
    unknown = alone("job", "list", "--address", "bigger")
    assert unknown.exit_code == 7
    assert "bigger:8265" in unknown.err
