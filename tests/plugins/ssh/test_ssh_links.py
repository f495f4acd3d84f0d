"""Hosts that fetch from an S3 store by themselves, where they reach it; else through the pipe."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from outrig.node.program.zstd import found_zstd
from outrig.testing.cable import Cable
from tests.plugins.stores.conftest import Rule, S3Server, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from outrig.testing.machines import Machine
    from tests.plugins.ssh.conftest import Lab

LARGE = 12 << 20
START = ("session", "start", "--provider", "ssh", "--hosts", "gamma")
COMPARED = "cat */f* large | cksum"


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """A server that stores on this computer reach, and whose requests are noted."""
    if found_zstd() is None:
        pytest.skip("there is no libzstd here")
    (tmp_path / "s3" / "snaps").mkdir(parents=True)
    with served(S3Server(tmp_path / "s3")) as server:
        monkeypatch.setenv("OUTRIG_S3_ENDPOINT", server.url)
        monkeypatch.setenv("OUTRIG_S3_ACCESS_KEY", "a-test")
        monkeypatch.setenv("OUTRIG_S3_SECRET_KEY", "a-very-secret-key")
        monkeypatch.setenv("OUTRIG_S3_ADDRESSING", "path")
        monkeypatch.setenv("OUTRIG_STORE", "s3://snaps/team")
        yield server


@pytest.fixture
def host(isolated: Lab, s3: S3Server) -> Iterator[Machine]:
    """A machine that reaches the server at the same address."""
    machine = isolated.boot("gamma")
    port = int(s3.url.rpartition(":")[2])
    cable = Cable(None, port)
    cable.also_in(machine.first_pid, port)
    yield machine
    cable.close()


@pytest.fixture
def sent(project: ProjectMaker) -> Path:
    """A project of many small files and a large one, half of it compressible."""
    noise = random.Random(5)
    small: dict[str, str | bytes] = {f"d{n % 7}/f{n}": f"{n} " * 900 for n in range(400)}
    large = noise.randbytes(LARGE // 2) + b"text " * (LARGE // 10)
    return project({"outrig.yaml": {"name": "demo"}, **small, "large": large})


def fetched(s3: S3Server) -> int:
    """Return how often something was fetched by a link."""
    return s3.count("GET", "X-Amz-Signature")


def same_content(run: CommandLine, project: Path) -> bool:
    there = run("session", "execute", "--shell", COMPARED).out
    return there == run.program("sh", "-c", COMPARED, cwd=project).out


def test_a_host_fetches_what_it_lacks_from_the_store(
    host: Machine, run: CommandLine, sent: Path, s3: S3Server
) -> None:
    before = host.cable.carried
    done = run(*START)
    assert done.exit_code == 0, done.err
    assert host.cable.carried - before < LARGE // 10
    assert fetched(s3) > 0
    assert same_content(run, sent)
    paths = [path for method, path in s3.requests if "X-Amz-Signature" in path]
    assert all("X-Amz-SignedHeaders=host%3Brange" in path for path in paths)
    before = fetched(s3)
    (sent / "d1/f1").write_text("changed")
    assert run("session", "sync").exit_code == 0
    assert fetched(s3) == before  # so little comes sooner through the pipe
    assert same_content(run, sent)
    kept = host.run(f"grep -rlE 'X-Amz|a-very-secret-key' {host.home} /tmp || true")
    assert kept == ""
    assert run("session", "stop").exit_code == 0


def test_a_host_that_does_not_reach_the_store_is_sent_everything(
    isolated: Lab, run: CommandLine, sent: Path, s3: S3Server
) -> None:
    isolated.boot("gamma")
    done = run(*START)
    assert (done.exit_code, fetched(s3)) == (0, 0), done.err
    assert same_content(run, sent)
    assert run("session", "stop").exit_code == 0


def test_what_the_store_does_not_give_comes_through_the_pipe(
    host: Machine, run: CommandLine, sent: Path, s3: S3Server
) -> None:
    s3.rules.append(Rule("GET", "X-Amz-Signature", cut=1000, times=1000, skip=1))
    done = run(*START)
    assert done.exit_code == 0, done.err
    assert fetched(s3) > 1
    assert same_content(run, sent)
    assert run("session", "stop").exit_code == 0
