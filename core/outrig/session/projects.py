"""From a project to a request to start it, with everything taken from the snapshot itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.config.glance import configured
from outrig.errors import UsageError
from outrig.model.snapshot import EntryKind
from outrig.session.environments import environment_source, read_file
from outrig.session.requests import StartRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from outrig.engine import Outrig
    from outrig.model.project import Command, Compute, Project
    from outrig.model.session import Session
    from outrig.model.snapshot import SnapshotReader
    from outrig.session.pull import PullRequest
    from outrig.session.requests import NewRun


def project_in(snapshot: SnapshotReader, root: Path) -> Project:
    """Return the project that a snapshot's own project file describes; raises `ProjectError`."""
    from outrig.project.files import SnapshotFiles
    from outrig.project.reading import load_project_from

    files_only = (one for one in snapshot.entries() if one.kind is not EntryKind.DIRECTORY)
    entries = {entry.path: entry for entry in files_only}
    files = SnapshotFiles(
        entries, lambda path: read_file(snapshot, entries, path), snapshot.info.name, root
    )
    return load_project_from(files, root)


def start_request(
    project: Project,
    project_id: str,
    snapshot: SnapshotReader,
    *,
    name: str | None,
    runs: Sequence[NewRun],
    compute: Compute | None,
    cluster_params: Mapping[str, str],
    command: str | None = None,
) -> StartRequest:
    """Put together what `start` needs, reading the environment's files out of the snapshot."""
    named = project.command(command) if command is not None else None
    return StartRequest(
        project=project,
        project_id=project_id,
        snapshot=snapshot,
        compute=compute or compute_for(project, named, cluster_params),
        environment=environment_source(project.environment, snapshot),
        cluster=cluster_of(project, named),
        name=name,
        runs=tuple(runs),
    )


def compute_for(
    project: Project, command: Command | None, cluster_params: Mapping[str, str]
) -> Compute:
    """Tell what nodes are wanted; where nothing does, the configured provider's."""
    from outrig.project.compute import resolve_compute

    compute = resolve_compute(project, command, cluster_params)
    named = project.compute or project.cluster or (command is not None and command.cluster)
    settings = None if named else configured("provider")
    return replace(compute, provider=settings.provider) if settings else compute


def cluster_of(project: Project, command: Command | None) -> str | None:
    """Return the cluster file that a command runs on: its own, else the project's."""
    own = command.cluster if command is not None else None
    spec = own or project.cluster
    return spec.config if spec is not None else None


def check_cluster(session: Session, command: Command | None) -> None:
    """Raise `UsageError` when a command has a cluster of its own that the session is not on."""
    if command is None or command.cluster is None or command.cluster.config == session.cluster:
        return
    raise UsageError(
        f'command "{command.name}" runs on cluster {command.cluster.config}, session '
        f'"{session.name}" is on {session.cluster or "none"}',
        hint=f"start a session for it: outrig session start {command.name}",
    )


def outputs_root(session: Session) -> Path:
    """Return where a session's outputs come back to: its project, also where that has moved.

    A project that moved is found when it is the one around the working directory.
    """
    from outrig.project.identity import root_identity
    from outrig.project.location import find_project, working_directory

    if session.project_root.is_dir():
        return session.project_root
    here = find_project(working_directory())
    moved = here is not None and root_identity(here.root) == session.project_id
    return here.root if here is not None and moved else session.project_root


def declared_outputs(outrig: Outrig, session: Session) -> tuple[str, ...]:
    """Return the output files that the last snapshot put on a session declares."""
    applied = outrig.applied(session)
    if not applied:
        return ()
    info = outrig.snapshots.find(applied[-1].snapshot_id)
    if info is None:  # it was deleted since: the project as it is now must do
        return outrig.project(session.project_root).output_files
    return outrig.project_of(info, session.project_root).output_files


def pull_request(
    outrig: Outrig, session: Session, outputs: Sequence[str] | None, *, apart: bool, anew: bool
) -> PullRequest | None:
    """Return what brings outputs back, those named or all declared; `None` where there are none."""
    from outrig.session.pull import PullRequest

    wanted = declared_outputs(outrig, session) if outputs is None else outputs
    if not wanted:
        return None
    info = outrig.snapshots.find(session.snapshot_id or "")
    return PullRequest(
        root=outputs_root(session),
        outputs=wanted,
        apart=apart or session.outputs_apart,
        anew=anew,
        named=outputs is not None,
        snapshot=None if info is None else outrig.snapshots.reader(info),
    )
