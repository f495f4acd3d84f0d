"""Runs with ranges go on in a process of their own, so that the client that began one may die."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from outrig.api import Lock, is_held, start_aside
from outrig_backendai.directory.executions import CaseRecord, Execution
from outrig_backendai.execution.keeping import (
    KEPT_S,
    Keeping,
    execution_home,
    forget_execution,
)
from outrig_backendai.execution.sources import Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.directory.executions import ExecutionRequest
    from outrig_backendai.execution.cases import Case

LOG = "bai-run.log"


def lock_name(execution_id: str) -> str:
    """Return the name of the lock of who drives an execution."""
    return f"bai-run-{execution_id}"


def submit(
    compute: Compute, request: ExecutionRequest, cases: Sequence[Case], name: str
) -> Execution:
    """Record a `run` with ranges, keep a copy of its files, and start what works on it."""
    clear(compute)
    execution = Execution(
        id=secrets.token_hex(8),
        name=name,
        access_key=compute.caller.access_key,
        created_at=compute.now(),
        request=request,
    )
    home = execution_home(compute.directory.state_directory, execution.id)
    home.mkdir(mode=0o700, parents=True)
    execution = replace(execution, request=replace(request, files=_copied(request.files, home)))
    records = [CaseRecord(case=one, name=f"{name}-{one.number}") for one in cases]
    compute.directory.executions.add(execution, records)
    go_on(compute, execution.id)
    return execution


def _copied(files: Sequence[Source], home: Path) -> tuple[Source, ...]:
    """Copy files, so that what is changed here later does not matter."""
    copied = []
    for number, one in enumerate(files):
        target = home / f"file-{number}"
        shutil.copy(one.here, target)
        copied.append(Source(here=str(target), inside=one.inside))
    return tuple(copied)


def is_driven(compute: Compute, execution_id: str) -> bool:
    """Tell whether a live process works on an execution."""
    return is_held(compute.directory.state_directory, lock_name(execution_id))


def go_on(compute: Compute, execution_id: str) -> None:
    """Start a process that works on an execution; it ends at once if another one does."""
    start_aside(compute.directory.state_directory, ("bai", "drive", execution_id), LOG)


def tend(compute: Compute) -> None:
    """Let work go on that nobody does any more."""
    for one in compute.directory.executions.unfinished():
        if not is_driven(compute, one.id):
            go_on(compute, one.id)


def clear(compute: Compute) -> None:
    """Forget executions that ended long ago."""
    executions = compute.directory.executions
    for one in executions.ended_before(compute.now() - timedelta(seconds=KEPT_S)):
        forget_execution(compute.directory.state_directory, one)
        executions.remove(one)


def drive(compute: Compute, execution_id: str) -> None:
    """Work on an execution in this process, unless another one does."""
    from outrig_backendai.execution.driver import Driver

    lock = Lock(compute.directory.state_directory, lock_name(execution_id))
    execution = compute.directory.executions.get(execution_id) if lock.take() else None
    if execution is None or execution.ended:
        lock.close()
        return
    keeping = Keeping()
    compute.outrig.watch(keeping)
    driver = Driver(compute, execution, keeping)
    try:
        driver.drive()
    finally:
        lock.close()
        driver.close()
