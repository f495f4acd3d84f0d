"""`bai run` with ranges: a session for each case, whoever works on them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import Stream, is_held
from outrig_backendai.directory.executions import CaseStatus
from outrig_backendai.execution.background import lock_name
from outrig_backendai.execution.keeping import execution_home, log_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.testing.command_line import CommandLine
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.directory.executions import CaseRecord, Execution
    from tests.plugins.backendai.conftest import Bai

WAITING = """import os, time
print('begun', flush=True)
while not os.path.exists('go'): time.sleep(0.05)
"""
HELLO = 'import os; print("Hello world, {}".format(os.environ["CASENO"]))'


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def execution_of(compute: Compute, name: str) -> Execution:
    found = compute.directory.executions.newest(compute.caller.access_key, name)
    assert found is not None
    return found


def cases_of(compute: Compute, name: str) -> list[CaseRecord]:
    return compute.directory.executions.cases(execution_of(compute, name).id)


def test_the_guides_four_sessions_say_hello(bai: Bai, compute: Compute) -> None:
    done = bai(
        "run", "-t", "hello", "-c", HELLO, "-r", "cpu=1", "-r", "mem=256m", "-e", "CASENO=$X",
        "--env-range=X=case:1,2,3,4", "lablup/python:3.6-ubuntu18.04", timeout_s=200,
    ).checked()  # fmt: skip

    assert sorted(done.lines) == [f"[hello-{n}] Hello world, {n + 1}" for n in range(4)]
    assert "[hello-2] X=3" in done.err
    assert done.err.count("Execution finished. (exit code = 0)") == 4
    home = execution_home(compute.directory.state_directory, execution_of(compute, "hello").id)
    assert log_path(home, "hello-1", Stream.OUT).read_text() == "Hello world, 2\n"


def test_cases_have_their_own_commands_codes_and_names(bai: Bai, run: CommandLine) -> None:
    (run.directory / "a.sh").write_text('cat built; echo "$@"; exit $2\n')
    words = ("--build", "echo $B > built", "--exec", "sh a.sh $E 3 ${HOME:+home}")

    done = bai(
        "run", "--rm", "-s", *words, "--build-range", "B=case:b c", "--exec-range=E=range:1,6,2",
        "-t", "each", "python", "a.sh", timeout_s=200,
    )  # fmt: skip

    assert done.exit_code == 3
    assert sorted(done.lines) == sorted(
        line
        for n, e in enumerate((1, 3, 5))
        for line in (f"[each-{n}] b c", f"[each-{n}] {e} 3 home")
    )
    assert done.err.count("of CPU time and at most") == 3


def test_not_more_than_the_cap_run_at_once(bai: Bai, run: CommandLine, compute: Compute) -> None:
    words = ("--exec", "sleep 0.3; exit $N", "--exec-range", "N=range:3", "--max-parallel", "1")
    (run.directory / "x.py").write_text("")

    done = bai(
        "run", "-q", "-t", "capped", *words, "-r", "cpu=0.1", "python", "x.py", timeout_s=200
    )

    assert done.exit_code == 1
    assert [one.exit_code for one in cases_of(compute, "capped")] == [0, 1, 2]
    sessions = [
        compute.directory.sessions.get(one.session_id or "") for one in cases_of(compute, "capped")
    ]
    ended = [
        compute.outrig.run(one.run_id or "")[1].state.ended_at
        for one in cases_of(compute, "capped")
    ]
    for before, session in zip(ended, sessions[1:], strict=False):
        assert session is not None
        assert before is not None
        assert session.created_at >= before


def test_that_cases_wait_for_room_is_said(bai: Bai, run: CommandLine, compute: Compute) -> None:
    bai("start", "-t", "taking", "-r", "cpu=0.5", "python").checked()
    whole = f"cpu={compute.directory.agents.all()[0].slots.cpu:g}"
    words = ("-c", "print('ran')", "--env-range", "X=case:1", "-r", whole, "python")
    client = run.start("bai", "run", "-t", "late", *words)
    while not (line := client.read_error_line()).startswith("[late-0] waits"):
        assert line, "it does not say that it waits"

    bai("rm", "taking").checked()

    assert client.wait(120).out == "[late-0] ran\n"
    assert line.endswith("; see: outrig bai ps\n")


def test_a_client_that_is_killed_finds_its_cases_again(
    bai: Bai, run: CommandLine, compute: Compute
) -> None:
    go = run.directory / "go"
    code = WAITING + "print(os.environ['N'])"
    client = run.start(
        "bai", "run", "-t", "gone", "-c", code, "-e", "N=$X", "--env-range", "X=range:2", "-r",
        "cpu=0.1", "python",
    )  # fmt: skip
    until(lambda: compute.directory.executions.newest(compute.caller.access_key, "gone"))
    until(lambda: all(one.run_id for one in cases_of(compute, "gone")))
    client.send(signal.SIGKILL)
    client.wait()
    drivers = execution_of(compute, "gone")
    go.write_text("")
    for n in range(2):
        bai("upload", f"gone-{n}", "go").checked()

    found = bai("run", "--attach", "gone", timeout_s=200).checked()

    assert sorted(found.lines) == ["[gone-0] 0", "[gone-0] begun", "[gone-1] 1", "[gone-1] begun"]
    until(lambda: not is_held(compute.directory.state_directory, lock_name(drivers.id)))


def test_with_all_processes_killed_the_next_command_lets_cases_go_on(
    bai: Bai, run: CommandLine, compute: Compute
) -> None:
    client = run.start(
        "bai", "run", "-t", "alone", "-c", "print('ran')", "--env-range", "X=range:3", "-r",
        "cpu=0.1", "--max-parallel", "1", "--rm", "python",
    )  # fmt: skip
    until(lambda: compute.directory.executions.newest(compute.caller.access_key, "alone"))
    execution = execution_of(compute, "alone")
    until(lambda: is_held(compute.directory.state_directory, lock_name(execution.id)))
    client.send(signal.SIGKILL)
    os.kill(driver_of(execution), signal.SIGKILL)
    client.wait()

    bai("ps").checked()

    until(lambda: execution_of(compute, "alone").ended)
    assert [one.exit_code for one in cases_of(compute, "alone")] == [0, 0, 0]
    assert bai("run", "--attach", "alone").checked().lines == [f"[alone-{n}] ran" for n in range(3)]


def test_a_driver_that_is_killed_is_replaced_and_nothing_runs_twice(
    bai: Bai, run: CommandLine, compute: Compute
) -> None:
    code = WAITING + "print('over')"
    client = run.start(
        "bai", "run", "-t", "driven", "-c", code, "--env-range", "X=range:2", "-r", "cpu=0.1",
        "python",
    )  # fmt: skip
    until(lambda: compute.directory.executions.newest(compute.caller.access_key, "driven"))
    until(lambda: all(one.run_id for one in cases_of(compute, "driven")))
    os.kill(driver_of(execution_of(compute, "driven")), signal.SIGKILL)
    (run.directory / "go").write_text("")
    for n in range(2):
        bai("upload", f"driven-{n}", "go").checked()

    done = client.wait(120)

    assert sorted(done.lines) == [
        f"[driven-{n}] {word}" for n in range(2) for word in ("begun", "over")
    ]
    assert done.exit_code == 0
    assert [one.status for one in cases_of(compute, "driven")] == [CaseStatus.ENDED] * 2


def driver_of(execution: Execution) -> int:
    """Return the process that works on an execution: `bai drive ID`."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[-4:-1] == [b"bai", b"drive", execution.id.encode()]:
                return int(entry.name)
    raise AssertionError("nothing works on it")


def test_ctrl_c_twice_ends_all_cases(bai: Bai, run: CommandLine, compute: Compute) -> None:
    client = run.start(
        "bai", "run", "-t", "ended", "-c", "import time; time.sleep(600)", "--env-range",
        "X=range:3", "-r", "cpu=0.1", "--max-parallel", "2", "--rm", "python",
    )  # fmt: skip
    until(lambda: compute.directory.executions.newest(compute.caller.access_key, "ended"))
    until(lambda: sum(one.run_id is not None for one in cases_of(compute, "ended")) == 2)
    client.send(signal.SIGINT)
    while "the cases go on" not in (line := client.read_error_line()):
        assert line, "it does not say that they go on"
    client.send(signal.SIGINT)

    assert client.wait(120).exit_code == 130
    assert {one.status for one in cases_of(compute, "ended")} == {CaseStatus.CANCELLED}
    until(lambda: not [one for one in compute.directory.sessions.select() if one.status.live])


def test_a_case_that_cannot_start_fails_alone(bai: Bai, compute: Compute) -> None:
    bai("start", "-t", "taken-1", "python").checked()

    done = bai(
        "run", "-t", "taken", "--no-reuse", "--rm", "-r", "cpu=0.1", "-c", "print(1)",
        "--env-range", "X=range:3", "python", timeout_s=200,
    )  # fmt: skip

    assert done.exit_code == 1
    assert sorted(done.lines) == ["[taken-0] 1", "[taken-2] 1"]
    assert '[taken-1] FAILED: session "taken-1" exists already' in done.err
    assert compute.find("taken-1").status.running
