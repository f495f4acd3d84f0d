"""`bai run`: code and files in one session."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from outrig.testing.command_line import OUTRIG
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.directory.sessions import SessionFilter

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai


def live(compute: Compute) -> list[str]:
    """Return the names of the sessions that are not over."""
    compute.settle()
    statuses = [one for one in SessionStatus if one.live]
    return [one.name for one in compute.directory.sessions.select(SessionFilter(statuses=statuses))]


def test_a_piece_of_code_runs_and_its_session_ends_with_it(bai: Bai, compute: Compute) -> None:
    done = bai("run", "--rm", "-s", "-c", 'print("hello world")', "python").checked()

    assert done.out == "hello world\n"
    assert "is ready." in done.err
    assert "Execution finished. (exit code = 0)" in done.err
    assert "of CPU time and at most" in done.err
    assert live(compute) == []


def test_the_exit_code_is_the_programs_and_streams_are_kept_apart(bai: Bai) -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"

    done = bai("run", "--rm", "-q", "-c", code, "python")

    assert (done.exit_code, done.out, done.err) == (3, "out\n", "err\n")


def test_a_program_reads_our_standard_input(bai: Bai) -> None:
    code = "name = input('name? '); import sys; print(name.upper(), len(sys.stdin.read()))"
    rest = "x" * 300_000

    done = bai("run", "--rm", "-q", "-c", code, "python", input=f"ann\n{rest}").checked()

    assert done.out == "name? ANN 300000\n"


def test_input_that_nobody_reads_or_that_is_closed_holds_nothing_up(
    bai: Bai, run: CommandLine
) -> None:
    words = ("run", "-q", "-t", "reading", "-c")

    unread = bai(*words, "print('done')", "python", input="x" * 2_000_000).checked()
    line = shlex.join([*OUTRIG, "bai", *words, "import sys; print(sys.stdin.read())", "python"])
    closed = run.program("sh", "-c", f"{line} <&-").checked()

    assert (unread.out, closed.out) == ("done\n", "\n")


def test_getpass_reads_standard_input_where_there_is_no_terminal(bai: Bai) -> None:
    code = "import getpass; print(len(getpass.getpass('secret: ')))"

    done = bai("run", "--rm", "-q", "-c", code, "python", input="hush!\n").checked()

    assert done.out == "5\n"
    assert "secret: " in done.err


def test_files_are_sent_with_their_path_and_run(bai: Bai, run: CommandLine) -> None:
    here = run.directory
    (here / "src").mkdir()
    (here / "myscript.py").write_text("import sys, src.part; print(sys.argv[1:], src.part.WHO)\n")
    (here / "src" / "part.py").write_text("WHO = 'part'\n")

    with_words = bai(
        "run", "--rm", "-q", "--exec", "python myscript.py arg1 'arg 2'", "python:3",
        "./myscript.py", "src",
    )  # fmt: skip
    by_itself = bai("run", "--rm", "-q", "python", "myscript.py", "src/part.py")
    based = bai(
        "run", "--rm", "-q", "--basedir", "src", "--exec", "ls *.py", "python", "src/part.py"
    )

    assert with_words.checked().out == "['arg1', 'arg 2'] part\n"
    assert by_itself.checked().out == "[] part\n"
    assert based.checked().out == "part.py\n"


def test_a_session_of_that_name_is_used_again(bai: Bai, run: CommandLine, compute: Compute) -> None:
    (run.directory / "main.py").write_text("import os; print(os.environ['A'], *os.listdir())\n")
    steps = ("--clean", "rm -f built", "--build", "echo $A > built", "--exec", "cat built")

    first = bai("run", "-q", "-t", "again", "-e", "A=1", *steps, "python", "main.py").checked()
    second = bai("run", "-q", "-t", "again", "-e", "A=2", "python", "main.py").checked()

    assert first.out == "1\n"
    assert second.out.split()[0] == "2"
    assert {"built", "main.py"} <= set(second.out.split())
    assert live(compute) == ["again"]
    refused = bai("run", "-t", "again", "--no-reuse", "-c", "1", "python")
    assert refused.exit_code == 125
    assert 'session "again" exists already' in refused.err


def test_a_session_that_ended_by_itself_is_made_anew(bai: Bai, compute: Compute) -> None:
    bai("start", "-t", "idled", "python").checked()
    before = compute.find("idled")
    compute.outrig.stop(compute.outrig_session(before))  # as the keeper does, of an idle one

    done = bai("run", "-q", "-t", "idled", "-c", "print('anew')", "python").checked()

    assert done.out == "anew\n"
    assert compute.find("idled").id != before.id


def test_a_build_that_fails_is_the_end(bai: Bai, run: CommandLine) -> None:
    (run.directory / "main.py").write_text("print('never')\n")

    done = bai("run", "--rm", "-q", "--build", "exit 9", "python", "main.py")

    assert (done.exit_code, done.out) == (9, "")


def test_more_memory_than_the_session_has_is_the_end(bai: Bai) -> None:
    words = ("-r", "mem=128m", "-c", "print(len(bytearray(400 << 20)))", "python")

    done = bai("run", "--rm", "-t", "hungry", *words)

    assert done.exit_code != 0
    assert done.out == ""
    assert "hungry: FAILED: memory limit 128 MiB exceeded" in done.err or "MemoryError" in done.err


def test_code_that_is_too_long_for_a_command_line_runs(bai: Bai) -> None:
    long = 'print(len("' + "'" * 60_000 + '"))'

    done = bai("run", "--rm", "-q", "--exec", "exit 9", "-c", long, "python").checked()

    assert done.out == "60000\n"


def test_a_terminal_of_its_own(bai: Bai) -> None:
    code = "import sys; print(sys.stdin.isatty(), sys.stdout.isatty()); sys.exit(4)"

    done = bai("run", "--rm", "-q", "--terminal", "-c", code, "python")

    assert (done.exit_code, done.out.split()) == (4, ["True", "True"])


def test_enqueue_only_and_max_wait_run_nothing(bai: Bai, compute: Compute) -> None:
    bai("run", "-q", "-t", "taking", "-r", "cpu=0.5", "-c", "1", "python").checked()
    whole = compute.directory.agents.all()[0].slots.cpu

    queued = bai(
        "run", "-t", "first", "--enqueue-only", "-r", f"cpu={whole:g}", "-c", "1", "python"
    )
    waited = bai(
        "run", "-t", "late", "--max-wait", "1", "-r", f"cpu={whole:g}", "-c", "1", "python"
    )

    assert (
        queued.checked().out
        == f"Session ID {compute.find('first').id} is enqueued for scheduling.\n"
    )
    assert waited.exit_code == 125
    assert waited.out == compute.find("late").id + "\n"
    assert "is still on the job queue" in waited.err
    assert compute.find("late").status is SessionStatus.PENDING
    assert compute.find("first").status is SessionStatus.PENDING


def test_what_is_wrong_is_said_in_one_line(bai: Bai) -> None:
    for words, message in (
        ((), "an image is needed"),
        (("python",), "neither -c nor FILES is given"),
        (("-c", "1", "python", "a.py"), "both -c and FILES are given"),
        (("-c", "1", "--max-parallel", "0", "python"), "--max-parallel is at least 1"),
        (("-c", "1", "--type", "batch", "python"), "run gives a session its program itself"),
        (("-c", "1", "--env-range", "X", "python"), "is not VARIABLE=EXPRESSION"),
        (("-c", "1", "-e", "A", "python"), "is not KEY=VALUE"),
        (("-c", "1", "-t", "a b", "python"), 'session name "a b" is not'),
        (("python", "gone.py"), "gone.py does not exist"),
        (("python", "/etc/hostname"), "/etc/hostname is not below"),
        (("-c", "1", "--terminal", "--exec-range", "X=case:1", "python"), "for one case"),
        (("--attach", "nothing"), "nothing"),
    ):
        refused = bai("run", *words)
        assert (refused.exit_code, refused.out) == (125, ""), str(refused)
        error = [line for line in refused.err.splitlines() if line.startswith("outrig: error")]
        assert len(error) == 1, str(refused)
        assert message in error[0]
