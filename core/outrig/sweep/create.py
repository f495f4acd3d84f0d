"""Recording a sweep: its cases, what each is told apart by, and what was done before."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from outrig.errors import ConflictError, UsageError
from outrig.ids import new_id
from outrig.model.run import RunStatus
from outrig.model.snapshot import EntryKind
from outrig.model.sweep import Sweep, SweepCase, SweepOptions, SweepState
from outrig.project.parameters import bind
from outrig.project.rendering import render
from outrig.session.environments import environment_digest
from outrig.session.name import name_for
from outrig.session.plan import free_name
from outrig.session.requests import StartRequest

if TYPE_CHECKING:
    from outrig.model.project import Command, Project
    from outrig.model.snapshot import SnapshotReader
    from outrig.session.runtime import Runtime
    from outrig.sweep.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCase:
    """One case before it is recorded: its parameters as text, and the script it runs."""

    params: Mapping[str, str]
    script: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRequest:
    """A sweep to record: where and on what it is to run, its cases, and how.

    `again` runs also what has succeeded before.
    """

    start: StartRequest
    command: str
    names: tuple[str, ...]
    cases: tuple[PlannedCase, ...]
    options: SweepOptions = field(default_factory=SweepOptions)
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """What came of a request: the sweep, `None` when all its cases had succeeded before."""

    sweep: Sweep | None
    done_before: int = 0


def plan_cases(project: Project, command: Command, grid: Grid) -> tuple[PlannedCase, ...]:
    """Check the values of every case of a grid and make its script; raises `UsageError`."""
    cases = []
    for row in grid.rows:
        values = bind(command, {**grid.fixed, **dict(zip(grid.names, row, strict=True))})
        if values.wildcards:
            raise UsageError(f'"*" for {values.wildcards[0]} is not among several values')
        cases.append(PlannedCase(params=values.texts(), script=render(project, command, values)))
    return tuple(cases)


def create(runtime: Runtime, request: SweepRequest) -> Created:
    """Record a sweep. Cases that succeeded before are taken over as they ended.

    Raises `ConflictError` when a sweep of the same cases has not ended.
    """
    start = request.start
    cases = _cases(request)
    if not request.again:
        _check_running(runtime, request, cases)
        before = runtime.state.sweeps.succeeded(start.project_id, [one.digest for one in cases])
        if all(one.digest in before for one in cases):
            return Created(sweep=None, done_before=len(cases))
        cases = [_taken_over(one, before.get(one.digest)) for one in cases]
    while True:
        sweep = _record_of(runtime, request, len(cases))
        try:
            runtime.state.sweeps.add(sweep, cases)
        except ConflictError:  # another process has just taken the name
            continue
        return Created(sweep=sweep, done_before=sum(one.status.ended for one in cases))


def _record_of(runtime: Runtime, request: SweepRequest, size: int) -> Sweep:
    start = request.start
    info = start.snapshot.info
    return Sweep(
        id=new_id(),
        name=_free_name(runtime, start.project_id, request.command),
        project_id=start.project_id,
        project_name=start.project.name,
        project_root=start.project.root,
        command=request.command,
        state=SweepState.WAITING,
        created_at=runtime.clock(),
        size=size,
        names=request.names,
        session_name=start.name or free_name(runtime, start.project_id, start.project.name),
        snapshot_id=info.id,
        snapshot_digest=info.digest,
        compute=start.compute,
        options=request.options,
        lifetime=start.lifetime,
        cluster=start.cluster,
        outputs=start.project.output_files,
        metrics_file=start.project.metrics_file,
    )


def _cases(request: SweepRequest) -> list[SweepCase]:
    start = request.start
    environment = environment_digest(start.environment) if start.environment else ""
    inputs = _input_digest(start.snapshot, start.project.metrics_file)
    known = f"{request.command}\0{inputs}\0{environment}\0"
    common = hashlib.sha256(known.encode())
    cases = []
    for number, one in enumerate(request.cases):
        own = common.copy()
        own.update(json.dumps([sorted(one.params.items()), one.script]).encode())
        cases.append(
            SweepCase(
                number=number,
                digest=own.hexdigest()[:32],
                params=one.params,
                script=one.script,
                run_id=new_id(),
            )
        )
    return cases


def _input_digest(snapshot: SnapshotReader, metrics_file: str | None) -> str:
    """Return a digest of what runs find of a snapshot: not of what they write themselves.

    Nor of directories: that of the outputs is there after the first sweep.
    """
    found = hashlib.sha256()
    own = posixpath.normpath(metrics_file) if metrics_file else None
    for one in snapshot.entries():
        if one.kind is not EntryKind.DIRECTORY and not one.output and one.path != own:
            fields = (one.path, one.kind.value, one.executable, one.target, *one.chunks)
            found.update(repr(fields).encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def _taken_over(case: SweepCase, before: SweepCase | None) -> SweepCase:
    if before is None:
        return case
    return replace(before, number=case.number, status=RunStatus.SUCCEEDED, handed=True)


def _check_running(runtime: Runtime, request: SweepRequest, cases: list[SweepCase]) -> None:
    """Raise `ConflictError` when another sweep is about to run the same."""
    wanted = {one.digest for one in cases}
    for other in runtime.state.sweeps.select(request.start.project_id, unfinished=True):
        if (
            other.size == len(cases)
            and not other.cancelled
            and wanted == {one.digest for one in runtime.state.sweeps.cases(other.id)}
        ):
            raise ConflictError(
                f'sweep "{other.name}" runs the same cases and has not ended',
                hint=f"outrig sweep watch {other.name}, or run them twice with --again",
            )


def _free_name(runtime: Runtime, project_id: str, command: str) -> str:
    """Return `COMMAND-1`, `COMMAND-2`, …: the first that no sweep of the project has."""
    taken = runtime.state.sweeps.names(project_id)
    base, number = name_for(command), 1
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"
