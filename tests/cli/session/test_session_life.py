"""What can be done with sessions after they have started."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine


@pytest.fixture
def started(run: CommandLine, demo: Path) -> Path:
    """The demo project with the session `s` running."""
    result = run("session", "start", "--name", "s")
    assert result.exit_code == 0, result.err
    return demo


def test_execute_uses_the_session_used_last(run: CommandLine, started: Path) -> None:
    run("session", "start", "--name", "t")
    assert (
        run("session", "list", "--output", "any").out.splitlines()[1].startswith("*Session(name=t ")
    )
    run("session", "execute", "hello", "--name", "s")
    assert "*Session(name=s " in run("session", "list", "--output", "any").out


def test_patterns_act_on_all_they_match(run: CommandLine, started: Path) -> None:
    run("session", "start", "--name", "s2")
    run("session", "start", "--name", "other")
    result = run("session", "execute", "hello", "--name", "s*")
    assert sorted(result.out.splitlines()) == ["[s2] hello", "[s] hello"]
    result = run("session", "execute", "--name", "s*", "--shell", 'test "$PWD" != /; exit 3')
    assert result.exit_code == 3


def test_no_match_is_exit_code_4_or_125(run: CommandLine, started: Path) -> None:
    assert run("session", "stop", "nothing").exit_code == 4
    assert run("session", "execute", "hello", "--name", "nothing").exit_code == 125


def test_execute_without_a_command_says_what_there_is(run: CommandLine, started: Path) -> None:
    result = run("session", "execute")
    assert result.exit_code == 125
    assert "no command was named" in result.err
    assert "hello, show, write" in result.err


def test_sync_brings_changes_and_removes_what_is_gone(run: CommandLine, started: Path) -> None:
    run("session", "execute", "--shell", "echo made > made.txt")
    (started / "sub" / "inner.txt").unlink()
    (started / "more.txt").write_text("more")
    assert run("session", "sync").exit_code == 0
    listed = run("session", "execute", "--shell", "ls; cat more.txt").out
    assert "made.txt" in listed
    assert listed.endswith("more")
    assert "inner.txt" not in run("session", "execute", "--shell", "find .").out
    assert run("session", "sync", "--clean").exit_code == 0
    assert "made.txt" not in run("session", "execute", "--shell", "ls").out


def test_pull_brings_declared_outputs_or_what_was_named(run: CommandLine, started: Path) -> None:
    run("session", "execute", "write", "--no-pull")
    run("session", "execute", "--shell", "mkdir -p logs; echo 1 > logs/a.txt; echo 2 > logs/b.txt")
    assert (started / "result.txt").exists()
    (started / "result.txt").unlink()
    assert run("session", "pull").exit_code == 0
    assert (started / "result.txt").read_text() == "fresh\n"
    assert run("session", "pull", "logs/*.txt").exit_code == 0
    assert (started / "logs/b.txt").read_text() == "2\n"


def test_outputs_of_several_sessions_do_not_mix(run: CommandLine, started: Path) -> None:
    run("session", "start", "--name", "s2")
    run("session", "execute", "write", "--name", "s*")
    for name in ("s", "s2"):
        assert (started / "outputs" / name / "result.txt").read_text() == "fresh\n"


def test_stop_ends_the_session_and_brings_outputs_home(run: CommandLine, started: Path) -> None:
    run("session", "execute", "write", "--no-pull")
    assert not (started / "result.txt").exists()
    assert run("session", "stop").exit_code == 0
    assert (started / "result.txt").exists()
    assert run("session", "list").err == "no sessions\n"
    assert run("session", "list", "--all", "--output", "json").records()[0]["state"] == "TERMINATED"


def test_a_kept_session_is_resumed_with_its_files(run: CommandLine, started: Path) -> None:
    run("session", "execute", "--shell", "echo kept > kept.txt")
    assert run("session", "stop", "--keep").exit_code == 0
    assert run("session", "list", "--output", "json").records()[0]["state"] == "SUSPENDED"
    refused = run("session", "execute", "hello")
    assert refused.exit_code == 125
    assert "is SUSPENDED, not RUNNING" in refused.err
    result = run("session", "start", "--name", "s", "--shell", "cat kept.txt")
    assert result.out == "kept\n"


def test_all_sessions_stop_with_a_star(run: CommandLine, started: Path) -> None:
    run("session", "start", "--name", "t")
    assert run("session", "stop", "--name", "*").exit_code == 0
    assert run("session", "list").err == "no sessions\n"


def test_events_tell_what_happened_and_how_long_it_took(run: CommandLine, started: Path) -> None:
    run("session", "execute", "hello")
    events = run("session", "events", "--output", "json").records()
    kinds = [one["kind"] for one in events]
    for kind in ("session.created", "provision.done", "sync.done", "run.started", "run.ended"):
        assert kind in kinds
    run("session", "stop")
    assert "session.terminated" in run("session", "events", "s").out


def test_outside_a_project_all_sessions_are_seen(run: CommandLine, started: Path) -> None:
    result = run("session", "list", "--output", "json", cwd=started.parent)
    assert [one["name"] for one in result.records()] == ["s"]
    assert run("session", "stop", cwd=started.parent).exit_code == 0


def test_a_detached_run_goes_on_and_is_followed_later(run: CommandLine, started: Path) -> None:
    run_id = run("session", "execute", "--detach", "--shell", "echo a; sleep 1; echo b; exit 4").out
    followed = run("run", "logs", "-f", run_id.strip())
    assert (followed.out, followed.exit_code) == ("a\nb\n", 4)
    assert run("run", "logs", run_id.strip(), "--since", "2").out == "b\n"
    assert run("run", "wait").exit_code == 4
    assert run("session", "logs", "s").out == "a\nb\n"
    assert run("session", "logs", "-f", "s").exit_code == 4
    shown = run("run", "list", "--output", "json").records()[0]
    assert (shown["state"], shown["exit_code"]) == ("FAILED", 4)


def test_a_run_is_cancelled_with_all_it_started(run: CommandLine, started: Path) -> None:
    run_id = run("session", "execute", "--detach", "slow").out.strip()
    assert run("run", "cancel", run_id).exit_code == 0
    assert run("run", "show", "--output", "json").records()[0]["state"] == "CANCELLED"


def test_ctrl_c_leaves_a_run_alone_and_says_how_to_come_back(
    run: CommandLine, started: Path
) -> None:
    running = run.start("session", "execute", "slow")
    assert running.read_line() == "started\n"
    running.send(signal.SIGINT)
    result = running.wait()
    assert result.exit_code == 130
    assert "outrig run logs -f" in result.err
    assert run("run", "list", "--output", "json").records()[0]["state"] == "RUNNING"
    assert run("session", "stop").exit_code == 0


def test_a_second_ctrl_c_ends_the_run(run: CommandLine, started: Path) -> None:
    running = run.start("session", "execute", "slow")
    assert running.read_line() == "started\n"
    running.send(signal.SIGINT)
    while "detached" not in running.read_error_line():
        assert running.process.poll() is None
    running.send(signal.SIGINT)
    running.wait()
    assert run("run", "list", "--output", "json").records()[0]["state"] == "CANCELLED"


def test_files_go_in_and_out(run: CommandLine, started: Path) -> None:
    (started / "data").mkdir()
    (started / "data" / "a b.txt").write_text("1")
    assert run("session", "put", "data", "input/").exit_code == 0
    assert "input/data/a b.txt" in run("session", "ls", "input").out
    assert run("session", "get", "input/data", "back").exit_code == 0
    assert (started / "back" / "a b.txt").read_text() == "1"
    assert run("session", "get", "nothing").exit_code == 4
    refused = run("session", "put", "data", "../../x")
    assert refused.exit_code == 7
    assert "is refused" in refused.err


def test_a_session_story_is_told_as_any_does(run: CommandLine, started: Path) -> None:
    run("session", "execute", "hello")
    lines = run("session", "list", "--name", "s").out.splitlines()
    assert lines[0].startswith("Snapshots applied to Session(name=s created_at=")
    assert ": Snapshot(name=" in lines[1]
    assert lines[2].startswith("Commands run during Session(name=s ")
    assert lines[3].endswith(": 'echo hello; echo oops >&2'")


def test_a_run_is_repeated_from_its_snapshot(run: CommandLine, started: Path) -> None:
    run("session", "execute", "show", "--a", "5")
    first = str(run("run", "list", "--output", "json").records()[0]["id"])
    (started / "show.py").write_text("print('changed')")
    result = run("run", "repeat", first, "--name", "r")
    assert '["--a", "5", "--b", "x"]' in result.out
    second = str(run("run", "list", "--output", "json").records()[0]["id"])
    differences = {
        one["field"] for one in run("run", "diff", first, second, "--output", "json").records()
    }
    assert not differences & {"snapshot", "script", "param a"}


def test_logs_of_the_last_run_of_sessions(run: CommandLine, started: Path) -> None:
    run("session", "execute", "hello")
    logs = run("session", "logs", "s")
    assert (logs.exit_code, logs.out, logs.err) == (0, "hello\n", "oops\n")
    run("session", "execute", "--shell", "echo last; exit 3")
    assert run("session", "logs").out == "last\n"
    assert run("session", "logs", "-f").exit_code == 3
    nothing = run("session", "start", "--name", "idle")
    assert nothing.exit_code == 0
    assert run("session", "logs", "idle").exit_code == 125


def test_a_run_that_its_session_takes_along_is_not_lost(run: CommandLine, started: Path) -> None:
    running = run.start("session", "execute", "slow")
    assert running.read_line() == "started\n"
    assert run("session", "stop").exit_code == 0
    ended = running.wait()
    assert ended.exit_code != 0
    assert "LOST" not in ended.err
    told = run("run", "list", "--all", "--output", "json").records()
    assert told[0]["state"] in ("CANCELLED", "FAILED")  # as it was killed, or as it was gone
