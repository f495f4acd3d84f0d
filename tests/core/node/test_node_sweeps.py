"""What the node does for sweeps: shared caps, turns, directories of their own, metrics."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from outrig.errors import RemoteError, UsageError
from outrig.ids import new_id
from outrig.interfaces import WithMetrics
from outrig.model.run import ExecuteRequest, RunStatus, Task
from outrig.node.program.metrics import read_metrics
from outrig.node.program.place import Root
from outrig.sweep.metrics import Point, last_values, series

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.model.run import RunRef
    from outrig.testing.providers import Held

DOOR = "echo in >> entered; while [ ! -e door ]; do sleep 0.02; done"


def give(
    held: Held, *tasks: Task, cap: int = 0, group: str = "", priority: int = 0
) -> list[RunRef]:
    request = ExecuteRequest(
        session_id=held.session_id,
        nodes=held.nodes,
        tasks=tasks,
        cap=cap,
        group=group,
        priority=priority,
    )
    return list(held.runner.execute(request, held.context))


def task(script: str, directory: str = ".", outputs: tuple[str, ...] | None = None) -> Task:
    return Task(id=new_id(), script=script, directory=directory, apart=outputs)


def until_running(held: Held, *refs: RunRef) -> None:
    for ref in refs:
        while held.runner.wait((ref,), 30)[0].status is RunStatus.QUEUED:
            pass


def test_batches_of_one_group_share_their_cap(held: Held) -> None:
    first = give(held, task(DOOR), task(DOOR), cap=2, group="g")
    second = give(held, task(DOOR), task(DOOR), cap=2, group="g")
    other = give(held, task("exit 0"), cap=2, group="h")
    until_running(held, *first)
    held.wait(*other)
    assert {one.status for one in held.runner.observe(tuple(second))} == {RunStatus.QUEUED}
    held.sh("touch door")
    assert {one.status for one in held.wait(*first, *second)} == {RunStatus.SUCCEEDED}


def test_a_higher_priority_has_its_turn_first(held: Held) -> None:
    (first,) = give(held, task(DOOR), cap=1, group="g")
    until_running(held, first)
    low = give(held, task("echo low >> order"), cap=1, group="g")
    high = give(held, task("echo high >> order"), cap=1, group="g", priority=5)
    held.sh("touch door")
    held.wait(first, *low, *high)
    assert held.sh("cat order")[1] == b"high\nlow\n"


def test_a_run_in_a_directory_of_its_own_sees_the_work_directory(held: Held) -> None:
    held.sync({"train.py": "print(1)\n", "data/x.txt": "x", "results/keep.txt": "old"})
    held.sh("echo made > made.txt; echo old > out.txt; mkdir -p runs/before")
    outputs = ("out.txt", "results/*.json", "deep/er/file")
    script = "echo new > out.txt; echo {} > results/a.json; cat data/x.txt made.txt; ls -A; pwd"
    (ref,) = give(held, task(script, "runs/1", outputs))
    (state,) = held.wait(ref)
    assert state.exit_code == 0, held.log(ref)
    lines = held.log(ref).decode().splitlines()
    assert lines[:-1] == ["xmade", "data", "made.txt", "out.txt", "results", "train.py"]
    assert lines[-1].endswith("/runs/1")
    assert held.sh("cat out.txt; ls results runs/1/results")[1].decode().split() == [
        *("old", "results:", "keep.txt", "runs/1/results:", "a.json")
    ]


def test_a_directory_of_its_own_may_be_there_already(held: Held) -> None:
    held.sync({"x": "1"})
    for _ in range(2):
        (ref,) = give(held, task("cat x; echo y >> y; cat y", "a/b/c", ()))
        held.wait(ref)
    assert held.log(ref) == b"1y\ny\n"


def test_a_directory_of_its_own_lies_in_the_work_directory(held: Held) -> None:
    for directory in ("../x", "/tmp/x", "a/../../x"):
        with pytest.raises((UsageError, RemoteError), match="outside the work directory"):
            give(held, task("true", directory, ()))
    held.sh("ln -s / out")
    with pytest.raises((UsageError, RemoteError), match="outside the work directory"):
        give(held, task("true", "out/x", ()))


def test_metrics_of_runs_are_read_together(held: Held) -> None:
    metrics = held.provider
    assert isinstance(metrics, WithMetrics)
    script = f"{sys.executable} -S -c 'import outrig; outrig.metric(\"loss\", 0.5, step={{}})'"
    refs = give(held, *(task(script.format(step)) for step in range(3)), task("exit 0"))
    held.wait(*refs)
    found = metrics.read_metrics(tuple(refs))
    assert {run: json.loads(lines) for run, lines in found.items()} == {
        ref.id: {"name": "loss", "value": 0.5, "step": float(step)}
        for step, ref in enumerate(refs[:3])
    }


def test_the_installed_outrig_wins_over_the_nodes_module(held: Held) -> None:
    script = (
        f"{sys.executable} -c 'import outrig; outrig.metric(\"a\", 1); print(outrig.__version__)'"
    )
    state, out, err = held.sh(script)
    assert state.exit_code == 0, err
    assert out.strip()


def test_only_the_end_of_very_many_metrics_is_read(held: Held) -> None:
    assert isinstance(held.provider, WithMetrics)
    line = '{\\"name\\": \\"n\\", \\"value\\": $i}'
    script = f'for i in $(seq 20000); do echo "{line}"; done > "$OUTRIG_METRICS"'
    (ref,) = give(held, task(script))
    held.wait(ref)
    data = held.provider.read_metrics((ref,))[ref.id]
    assert len(data) < 300_000
    assert len(series(data, "n")) > 1000


def test_what_is_no_metric_is_passed_over() -> None:
    data = b"\n".join(
        [
            b'{"name": "a", "value": 1}',
            b'{"name": "a", "value": 2, "step": 10}',
            b"not json",
            b"[1]",
            b"[" * 100_000,
            b'{"name": 1, "value": 1}',
            b'{"name": "b", "value": "x"}',
            b'{"name": "b", "value": NaN}',
            b'{"name": "b", "value": true}',
            b'{"name": "b", "value": 1' + b"0" * 400 + b"}",
            b'{"name": "' + b"x" * 200 + b'", "value": 1}',
            b"\xff\xfe",
        ]
    )
    assert last_values(data) == {"a": 2.0}
    assert series(data, "a") == (Point(step=0, value=1.0), Point(step=10, value=2.0))


def test_many_waiting_runs_are_cancelled_without_a_directory_each(held: Held, root: Path) -> None:
    first, *rest = give(held, task(DOOR), *(task("echo ran >> ran") for _ in range(500)), cap=1)
    until_running(held, first)
    held.runner.cancel(tuple(rest[:-1]), 1)
    states = held.runner.observe(tuple(rest))
    assert [one.status for one in states[:-1]] == [RunStatus.CANCELLED] * 499
    assert states[-1].status is RunStatus.QUEUED
    held.sh("touch door")
    ended = held.wait(first, *rest)
    assert [one.status for one in ended[1:-1]] == [RunStatus.CANCELLED] * 499
    assert ended[-1].status is RunStatus.SUCCEEDED
    assert held.sh("cat ran")[1] == b"ran\n"
    assert len(list((root / "r").iterdir())) < 10


def test_a_named_file_counts_if_it_is_one_and_the_run_wrote_it(tmp_path: Path) -> None:
    root = Root(str(tmp_path))
    case, run = tmp_path / "s/1/work/outputs/0", tmp_path / "r/1"
    case.mkdir(parents=True)
    run.mkdir(parents=True)
    spec = {"run": "1", "session": "1", "script": "", "directory": "outputs/0"}
    named = case / "m"
    named.write_bytes(b'{"old": 1}\n')
    os.utime(named, ns=(0, 0))
    (run / "spec").write_text(json.dumps({**spec, "variables": {"OUTRIG_METRICS_FILE": "m"}}))
    assert read_metrics(root.run("1")) == b""
    named.write_bytes(b'{"new": 1}\n')
    (run / "metrics").write_bytes(b'{"name": "told", "value": 2}')
    assert last_values(read_metrics(root.run("1"))) == {"told": 2.0, "new": 1.0}
    named.unlink()
    os.mkfifo(named)
    assert last_values(read_metrics(root.run("1"))) == {"told": 2.0}
