"""Snapshots in S3 as a user types it, with kill -9 at any request."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from outrig.testing.directories import write_files
from outrig.testing.library import Library, picture

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from outrig_stores.s3 import S3Store
    from tests.plugins.stores.conftest import RuleMaker, S3Server

_SEED = random.randrange(1 << 30)
_ROUNDS = 3
_PRUNE = """
import sys
from outrig.testing.memory import MemoryContext
from outrig.snapshot.prune import prune_store
from outrig_stores.s3 import S3Store, S3StoreSettings
settings = S3StoreSettings(
    endpoint=sys.argv[1], access_key="a-test", secret_key="a-test", addressing="path"
)
prune_store(S3Store(sys.argv[2], settings), MemoryContext(), grace_s=0)
"""


@pytest.fixture
def lab(run: CommandLine, s3: S3Server) -> str:
    """The server as a store called `lab`."""
    words = ["--s3-endpoint", s3.url, "--s3-access-key", "a-test", "--s3-secret-key", "a-test"]
    words += ["--s3-addressing", "path", "--s3-region", "eu-central-1"]
    run("store", "add", "lab", "s3://snaps/team/outrig", *words).checked()
    return "lab"


@pytest.fixture
def demo(project: ProjectMaker) -> Path:
    """A project of a few megabytes that cannot be compressed."""
    noise = random.Random(3)
    files: dict[str, str | bytes] = {f"d/{n}": noise.randbytes(40_000) for n in range(50)}
    return project(
        {"outrig.yaml": {"name": "demo"}, **files, "large.bin": noise.randbytes(9 << 20)}
    )


def test_from_nothing_to_a_snapshot_in_s3_and_back(
    run: CommandLine, lab: str, demo: Path, project: ProjectMaker, s3: S3Server, tmp_path: Path
) -> None:
    assert "problem" not in run("doctor", "--store", lab).checked().out
    run("snapshot", "create", "--name", "v1", "--store", lab).checked()
    listed = json.loads(run("snapshot", "list", "--store", lab, "--output", "json").checked().out)
    assert [one["name"] for one in listed] == ["v1"]
    shown = json.loads(run("store", "show", lab, "--json").checked().out)
    assert (shown["snapshots"], shown["packs"]) == (1, 1)
    assert "no damage" in run("snapshot", "check", "--store", lab).checked().err
    before = picture(demo)
    project({"outrig.yaml": {"name": "demo"}}, name="clone")
    run("snapshot", "pull", "v1", lab).checked()
    s3.requests.clear()
    run("snapshot", "restore", "v1", str(tmp_path / "back")).checked()
    assert s3.requests == [], "it is here now"
    assert picture(tmp_path / "back") == before


def _killed_at(
    s3: S3Server, rule: RuleMaker, process: subprocess.Popen[bytes], number: int
) -> None:
    """Kill a process at its `number`-th request, and wait for its end; it may end before."""
    s3.rules = [rule("*", skip=number, before=process.kill)]
    try:
        process.communicate(timeout=60)
    finally:
        process.kill()
        s3.rules = []


def test_a_push_that_is_killed_at_any_request_shows_nothing_half(
    run: CommandLine, lab: str, demo: Path, s3: S3Server, rule: RuleMaker
) -> None:
    run("snapshot", "create", "--name", "v1").checked()
    chance = random.Random(_SEED)
    for _ in range(_ROUNDS):
        process = run.start("snapshot", "push", "v1", lab).process
        _killed_at(s3, rule, process, chance.randrange(8))
        checked = run("snapshot", "check", "--store", lab)
        assert checked.exit_code == 0, f"seed {_SEED}: {checked.err}"
    run("snapshot", "push", "v1", lab).checked()
    assert "1 snapshot," in run("snapshot", "check", "--store", lab).checked().err


def test_two_pushes_at_once_are_both_right(
    run: CommandLine, lab: str, demo: Path, s3: S3Server, tmp_path: Path
) -> None:
    for name in ("v1", "v2"):
        (demo / "own").write_text(name)
        run("snapshot", "create", "--name", name).checked()
    words = [("v1",), ("v2",), ("v1",)]
    running = [run.start("snapshot", "push", *one, lab) for one in words]
    assert [one.wait().exit_code for one in running] == [0, 0, 0]
    listed = json.loads(run("snapshot", "list", "--store", lab, "--output", "json").out)
    assert [one["name"] for one in listed] == ["v2", "v1"]
    assert "no damage" in run("snapshot", "check", "--store", lab).checked().err
    run("snapshot", "restore", "v2", str(tmp_path / "back"), "--store", lab).checked()
    assert picture(tmp_path / "back") == picture(demo)


def test_ctrl_c_ends_a_push_and_the_next_goes_on(
    run: CommandLine, lab: str, demo: Path, s3: S3Server, rule: RuleMaker
) -> None:
    run("snapshot", "create", "--name", "v1").checked()
    running = run.start("snapshot", "push", "v1", lab)
    s3.rules = [rule("PUT", before=lambda: running.send(signal.SIGINT))]
    assert running.wait().exit_code == 130
    s3.rules = []
    assert json.loads(run("snapshot", "list", "--store", lab, "--output", "json").out) == []
    run("snapshot", "push", "v1", lab).checked()
    assert "no damage" in run("snapshot", "check", "--store", lab).checked().err


def test_a_pull_that_is_killed_at_any_request_shows_nothing_half(
    run: CommandLine, lab: str, demo: Path, s3: S3Server, rule: RuleMaker, tmp_path: Path
) -> None:
    run("snapshot", "create", "--name", "v1", "--store", lab).checked()
    chance = random.Random(_SEED)
    for _ in range(_ROUNDS):
        process = run.start("snapshot", "pull", "v1", lab).process
        _killed_at(s3, rule, process, chance.randrange(8))
        checked = run("snapshot", "check")
        assert checked.exit_code == 0, f"seed {_SEED}: {checked.err}"
    run("snapshot", "pull", "v1", lab).checked()
    run("snapshot", "restore", "v1", str(tmp_path / "back")).checked()
    assert picture(tmp_path / "back") == picture(demo)


def test_a_prune_that_is_killed_at_any_request_loses_nothing(
    store: S3Store, s3: S3Server, rule: RuleMaker, tmp_path: Path
) -> None:
    noise = random.Random(_SEED)
    library = Library(store, tmp_path / "tree")
    kept = None
    for number in range(_ROUNDS):
        write_files(library.root, {"old": noise.randbytes(3 << 20), "new": noise.randbytes(1000)})
        old = library.create(name=f"old-{number}")
        (library.root / "old").unlink()
        kept = library.create(name=f"kept-{number}")
        store.delete_snapshots((old.info.id,), library.context)
        words = [sys.executable, "-c", _PRUNE, s3.url, store.url]
        process = subprocess.Popen(words, stderr=subprocess.PIPE, env={**os.environ})
        _killed_at(s3, rule, process, noise.randrange(14))
        assert library.damages() == [], f"seed {_SEED}"
    assert kept is not None
    assert len(library.names()) == _ROUNDS
    assert library.restored(kept.info, tmp_path / "back") == picture(library.root)
    subprocess.run([sys.executable, "-c", _PRUNE, s3.url, store.url], check=True)
    assert library.damages() == []
    assert sum(one.size_bytes for one in store.list("packs/")) < 1 << 20


def test_without_boto3_one_line_names_the_command(
    run: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path / "broken", {"boto3.py": "raise ImportError('none')\n"})
    result = run("store", "show", "s3://bucket/x", env={"PYTHONPATH": str(tmp_path / "broken")})
    assert result.exit_code == 8
    assert result.err == (
        "outrig: error: s3://bucket/x needs boto3, which is not installed\n"
        "outrig: hint: pip install 'outrig[s3]'\n"
    )
