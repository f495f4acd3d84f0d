"""Outputs come back whole, to the right place, and over nothing that is not theirs."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker


@pytest.fixture
def started(run: CommandLine, demo: Path) -> Path:
    """The demo project with the session `s` running, and `result.txt` written in it."""
    result = run("session", "start", "write", "--name", "s", "--no-pull")
    assert result.exit_code == 0, result.err
    return demo


def test_sessions_started_together_keep_their_outputs_apart_for_good(
    run: CommandLine, project: ProjectMaker
) -> None:
    root = project(
        {
            "outrig.yaml": {
                "name": "my sweep",
                "output_files": ["out.txt"],
                "commands": [
                    {
                        "name": "go",
                        "command": "echo {{a}} > out.txt",
                        "params": [{"name": "a", "choices": [1, 2]}],
                    }
                ],
            }
        }
    )
    assert run("session", "start", "go", "--a", "*").exit_code == 0
    run("session", "execute", "--name", "my-sweep-a-1", "--shell", "echo more >> out.txt")
    stopped = run("session", "stop", "--name", "my-sweep-a-2")
    assert stopped.err == "my-sweep-a-2 is TERMINATED\n"
    assert run("session", "stop", "--name", "*").exit_code == 0
    assert not (root / "out.txt").exists()
    assert (root / "outputs/my-sweep-a-1/out.txt").read_text() == "1\nmore\n"
    assert (root / "outputs/my-sweep-a-2/out.txt").read_text() == "2\n"
    sent = run("session", "start", "--shell", "find . -name '*.txt'")
    assert (sent.exit_code, sent.out) == (0, "")


def test_an_older_session_does_not_bring_its_outputs_over_newer_ones(
    run: CommandLine, started: Path
) -> None:
    run("session", "execute", "write", "--text", "old")
    run("session", "start", "write", "--text", "new", "--name", "t")
    assert run("session", "execute", "hello", "--name", "s").exit_code == 0
    assert run("session", "stop", "s").err == "s is TERMINATED\n"
    assert (started / "result.txt").read_text() == "new\n"


def test_what_was_removed_here_comes_back_with_the_next_run(
    run: CommandLine, started: Path
) -> None:
    run("session", "pull")
    (started / "result.txt").unlink()
    run("session", "execute", "hello")
    assert (started / "result.txt").exists()


@pytest.mark.parametrize("kind", ["directory", "fifo", "endless", "dangling"])
def test_what_is_no_plain_file_here_is_left_alone(
    run: CommandLine, started: Path, kind: str
) -> None:
    place = started / "result.txt"
    if kind == "directory":
        place.mkdir()
    elif kind == "fifo":
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/zero" if kind == "endless" else "nowhere")
    result = run("session", "execute", "hello")
    assert result.exit_code == 0
    assert "the new one is" in result.err
    assert (started / "result.txt.from-s").read_text() == "fresh\n"
    assert not place.is_file() or place.is_symlink()


def test_a_name_of_255_bytes_finds_room_beside_it(run: CommandLine, project: ProjectMaker) -> None:
    name = "é" * 127
    root = project({"outrig.yaml": {"name": "long", "output_files": [name]}, name: "mine"})
    run("session", "start", "--shell", "echo theirs > é*", "--name", "s")
    run("session", "execute", "--shell", f"echo theirs > {name}", "--no-pull")
    (root / name).write_text("changed")
    result = run("session", "pull")
    assert result.exit_code == 0, result.err
    assert (root / name).read_text() == "changed"
    assert [one.read_text() for one in root.glob("*.from-s")] == ["theirs\n"]


def test_named_paths_must_be_there_and_inside(run: CommandLine, started: Path) -> None:
    missing = run("session", "pull", "result.txt", "nothing.txt")
    assert missing.exit_code == 4
    assert '"nothing.txt" is not in session "s"' in missing.err
    assert run("session", "pull", "/etc/passwd").exit_code == 2
    assert run("session", "pull", "../x").exit_code == 2


def test_outputs_declared_outside_do_not_get_in_the_way(
    run: CommandLine, project: ProjectMaker
) -> None:
    outputs = ["../escaped.txt", "a/../../b", "/tmp/absolute", "./in.txt"]
    root = project({"outrig.yaml": {"name": "out", "output_files": outputs}})
    result = run("session", "start", "--shell", "echo e > ../escaped.txt; echo i > in.txt")
    assert result.exit_code == 0, result.err
    assert (root / "in.txt").read_text() == "i\n"
    assert run("session", "stop").exit_code == 0
    assert not (root.parent / "escaped.txt").exists()


def test_links_stay_and_that_is_said(run: CommandLine, started: Path) -> None:
    run("session", "execute", "--shell", "ln -s result.txt link")
    result = run("session", "pull", "link")
    assert "left in s, as links do not come back: link" in result.err
    assert not (started / "link").exists()


def test_outputs_follow_a_project_that_moved(run: CommandLine, started: Path) -> None:
    (started / ".outrig").mkdir(exist_ok=True)
    (started / ".outrig" / "id").write_text("the-project")
    run("session", "start", "write", "--name", "t", "--no-pull")
    moved = started.rename(started.with_name("moved"))
    gone = run("session", "stop", "t", cwd=started.parent)
    assert gone.exit_code == 1
    assert "--no-pull" in gone.err
    assert run("session", "stop", "t", cwd=moved).exit_code == 0
    assert (moved / "result.txt").read_text() == "fresh\n"


def test_term_while_a_file_comes_leaves_nothing_half_copied(
    run: CommandLine, started: Path, tmp_path: Path
) -> None:
    run("session", "execute", "--shell", "truncate -s 8G large").checked()
    into = tmp_path / "into"
    into.mkdir()
    copying = run.start("session", "get", "large", str(into))
    deadline = time.monotonic() + 60
    while not [one for one in into.iterdir() if one.stat().st_size]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    copying.send(signal.SIGTERM)
    assert copying.wait().exit_code in (-signal.SIGTERM, 128 + signal.SIGTERM)
    assert list(into.iterdir()) == []


def test_what_a_killed_copy_left_goes_with_the_next(run: CommandLine, started: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = started / f".outrig-{ended.pid}-abc"
    fresh = started / f".outrig-{ended.pid}-def"
    of_another = started / f".outrig-{os.getpid()}-abc"
    of_somebody = started / ".outrig-notes-abc"
    for one in (left, fresh, of_another, of_somebody):
        one.write_text("half")
    for one in (left, of_another, of_somebody):
        os.utime(one, (1, 1))
    run("session", "pull").checked()
    assert (started / "result.txt").exists()
    assert [one.exists() for one in (left, fresh, of_another, of_somebody)] == [0, 1, 1, 1]
