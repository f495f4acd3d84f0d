"""Commands that do what commands should not: the run still ends right, and nothing is left."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.errors import CapacityError, UsageError
from outrig.ids import new_id
from outrig.model.resources import Resources
from outrig.model.run import RunStatus, Stream, Task

if TYPE_CHECKING:
    from outrig.testing.providers import Held

OUTPUT_MIB = int(os.environ.get("OUTRIG_OUTPUT_MIB", "64"))


def gone(pid: int) -> bool:
    """Whether a process has ended, waiting for it a while."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] in "ZX":
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


def test_what_it_leaves_behind_is_ended(held: Held) -> None:
    script = "setsid sleep 600 & echo $!; (setsid sh -c 'sleep 600 & echo $!; wait') & sleep 0.1"
    state, out, _ = held.sh(script)
    assert state.status is RunStatus.SUCCEEDED
    assert all(gone(int(pid)) for pid in out.split())


def test_what_it_leaves_behind_stays_when_it_may(held: Held) -> None:
    _, out, _ = held.sh("sleep 600 >/dev/null & echo $!", background=True)
    pid = int(out)
    assert Path(f"/proc/{pid}/comm").exists()
    held.end()
    assert gone(pid)


def test_it_reads_nothing_from_standard_input(held: Held) -> None:
    assert held.sh("cat; echo end")[1] == b"end\n"


def test_it_closes_its_output_and_goes_on(held: Held) -> None:
    state, out, _ = held.sh("exec >&- 2>&-; echo lost; sleep 0.05; exit 5")
    assert (state.exit_code, out) == (5, b"")


def test_it_closes_every_descriptor_and_goes_on(held: Held) -> None:
    script = 'for fd in /proc/self/fd/*; do n=${fd##*/}; [ $n -gt 2 ] && eval "exec $n>&-"; done'
    state, _, _ = held.sh(f"{script}; sleep 0.1; exit 6")
    assert state.exit_code == 6


def test_it_is_killed_by_a_signal(held: Held) -> None:
    state, _, _ = held.sh("kill -SEGV $$")
    assert (state.exit_code, state.reason) == (139, "killed by SIGSEGV")


def test_its_shell_is_missing_a_command(held: Held) -> None:
    state, _, err = held.sh("there-is-no-such-command")
    assert state.exit_code == 127
    assert b"there-is-no-such-command" in err


def test_its_directory_is_not_there(held: Held) -> None:
    state, _, _ = held.sh("true", directory="nowhere")
    assert state.status is RunStatus.FAILED
    assert state.reason is not None
    assert state.reason.endswith("work/nowhere: No such file or directory")


@pytest.mark.parametrize("directory", ["..", "/etc", "a/../../.."])
def test_its_directory_is_outside(held: Held, directory: str) -> None:
    with pytest.raises(UsageError, match="is outside the work directory"):
        held.sh("true", directory=directory)


def test_its_output_is_large_and_without_newline(held: Held) -> None:
    (ref,) = held.start(Task(id=new_id(), script=f"head -c {OUTPUT_MIB}M /dev/zero"))
    held.wait(ref)
    offset = 0
    while data := held.runner.read_log(ref, Stream.OUT, offset, 4 << 20).data:
        assert data.count(0) == len(data)
        offset += len(data)
    assert offset == OUTPUT_MIB << 20


def test_its_output_is_binary(held: Held) -> None:
    _, out, _ = held.sh(r"printf '\000\377\033[31mred\033]0;title\007\r\n'")
    assert out == b"\0\xff\x1b[31mred\x1b]0;title\x07\r\n"


def test_it_prints_as_it_goes_without_being_asked(held: Held) -> None:
    (ref,) = held.start(
        Task(id=new_id(), script="python3 -c 'import time; print(1); time.sleep(600)'")
    )
    held.wait_for_output(ref, b"1\n")
    held.runner.cancel((ref,), 1)
    (state,) = held.wait(ref)
    assert state.status is RunStatus.CANCELLED
    assert held.log(ref) == b"1\n"


def test_over_its_memory_it_ends_with_that_reason(held: Held) -> None:
    script = "python3 -c 'x = bytearray(256 << 20); print(len(x))'"
    state, out, _ = held.sh(script, resources=Resources(memory_mib=64))
    assert state.status is RunStatus.FAILED
    assert out == b""
    if Path("/sys/fs/cgroup/memory").is_dir() and os.access("/sys/fs/cgroup/memory", os.W_OK):
        assert (state.exit_code, state.reason) == (137, "memory limit 64 MiB exceeded")
        assert list(Path("/sys/fs/cgroup/memory").rglob(f"outrig-{state.id}")) == []


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        (Resources(cpu=100_000), r"cpu=100000 is more than this node has \(\d+ cores\)"),
        (Resources(memory_mib=1 << 30), r"memory=1073741824m is more than this node has"),
        (Resources(gpu=64, gpu_type="Nothing"), r"gpu=Nothing:64 is more than this node has"),
    ],
)
def test_it_asks_for_more_than_there_is(held: Held, resources: Resources, message: str) -> None:
    with pytest.raises(CapacityError, match=message):
        held.start(Task(id=new_id(), script="true", resources=resources))
