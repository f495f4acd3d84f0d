"""Outrig as a library: what every command calls, and any program may.

    from outrig.api import Outrig

    with Outrig() as outrig:
        project = outrig.project()
        session = outrig.start(outrig.request(project, name="train"))
        runs = outrig.follow(session, outrig.execute(session, [NewRun(script="python train.py")]))
        outrig.stop(session)

Parts are imported when first used, so listing what is recorded costs next to nothing.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from outrig.session.cancel import Cancel
from outrig.session.observer import Observer
from outrig.session.ways import WithWays
from outrig.session.workplace import WithProjects
from outrig.state.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from outrig.errors import RemoteError
    from outrig.model.node import Inventory, NodeQuery, Release, ReleaseReport, ResourceRef
    from outrig.model.project import Compute, Project
    from outrig.model.run import Run
    from outrig.model.session import Event, Plan, RemoteFile, Session
    from outrig.model.snapshot import SnapshotInfo, SnapshotReader
    from outrig.session.library import Library
    from outrig.session.pull import Pulled
    from outrig.session.requests import NewRun, StartRequest
    from outrig.session.runtime import Runtime
    from outrig.session.upkeep import Orphan
    from outrig.session.usage import SessionUsage
    from outrig.state.overview import SessionSummary
    from outrig.state.sessions import Applied
    from outrig.sweep.board import Board


class Outrig(WithProjects, WithWays):
    """One engine on one state directory. Methods raise `OutrigError` and never print."""

    def __init__(
        self,
        observer: Observer | None = None,
        cancel: Cancel | None = None,
        state_directory: str | None = None,
    ) -> None:
        self.observer = observer or Observer()
        self.cancel = cancel or Cancel()
        self._state_directory = state_directory

    @cached_property
    def state(self) -> State:
        """The records."""
        return State(self._state_directory)

    @cached_property
    def runtime(self) -> Runtime:
        """What engine functions work with."""
        from outrig.plugins import Hooks
        from outrig.session.runtime import Runtime

        hooks = Hooks(report=lambda line: self.observer.notice(line))
        return Runtime(self.state, hooks, self.observer, self.cancel)

    @cached_property
    def snapshots(self) -> Library:
        """The snapshots in the user's store, or in that of the project opened last."""
        from outrig.session.library import Library

        return Library(self.runtime)

    @cached_property
    def sweeps(self) -> Board:
        """Sweeps: commands over many values."""
        from outrig.sweep.board import Board

        return Board(self)

    def use_store(self, store: str) -> None:
        """Work with the snapshots of this store: a name, a URL or a path. It wins over projects."""
        self.snapshots = self.snapshots.at(store)

    def watch(self, observer: Observer) -> None:
        """Tell another observer from now on."""
        self.observer = observer
        if "runtime" in self.__dict__:
            self.runtime.observer = observer

    def close(self) -> None:
        """Hang up; what runs goes on, and this may be used again."""
        if "runtime" in self.__dict__:
            self.runtime.hooks.close()

    def __enter__(self) -> Outrig:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Sessions

    def sessions(self, project_id: str | None = None, *, ended: bool = False) -> list[Session]:
        """Return the recorded sessions, newest first; `None` means of all projects."""
        return self.state.sessions.select(project_id, ended=ended)

    def overview(
        self, project_id: str | None = None, *, ended: bool = False
    ) -> list[SessionSummary]:
        """Return what listings show of sessions, newest first; `None` means of all projects.

        Sessions on this computer that may have changed are asked first.
        """
        from outrig.state.overview import overview

        found = overview(self.state.database, project_id, ended=ended)
        if any(one.unfinished_runs or one.limited for one in found):
            from outrig.session.upkeep import settle

            if settle(self.runtime, found):
                return overview(self.state.database, project_id, ended=ended)
        return found

    def usages(self, session_ids: Sequence[str]) -> dict[str, SessionUsage]:
        """Ask the nodes what sessions use and since when they are idle; returned by session id."""
        from outrig.session.usage import usages

        return usages(self.runtime, session_ids)

    def find(self, project_id: str | None, pattern: str | None) -> list[Session]:
        """Return the live sessions a shell pattern names; without one, the session used last."""
        from outrig.session.find import find_sessions

        return find_sessions(self.runtime, project_id, pattern)

    def find_one(self, project_id: str | None, pattern: str | None) -> Session:
        """Return the one session a pattern names; raises `NotFoundError` when there are several."""
        from outrig.session.find import find_session

        return find_session(self.runtime, project_id, pattern)

    def request(
        self,
        project: Project,
        *,
        snapshot: SnapshotInfo | SnapshotReader | None = None,
        name: str | None = None,
        runs: Sequence[NewRun] = (),
        compute: Compute | None = None,
        cluster_params: Mapping[str, str] | None = None,
        command: str | None = None,
    ) -> StartRequest:
        """Put together what `start` needs; makes a snapshot of the project when none is given.

        `command` names the project's command whose own cluster, where it has one, is to be used.
        """
        from outrig.model.snapshot import SnapshotInfo
        from outrig.session.name import check_name
        from outrig.session.projects import start_request

        if name is not None:
            check_name(name)
        project_id = self.project_id(project)
        if snapshot is None:
            snapshot = self.snapshots.create(project, project_id).info
        reader = self.snapshots.reader(snapshot) if isinstance(snapshot, SnapshotInfo) else snapshot
        return start_request(
            project,
            project_id,
            reader,
            name=name,
            runs=runs,
            compute=compute,
            cluster_params=cluster_params or {},
            command=command,
        )

    def plans(self, request: StartRequest) -> list[Plan]:
        """Return what `start` would do, for each provider that may serve the request, in order.

        One that is known already to have no capacity is told of, and left out. Changes nothing.
        """
        from outrig.session.plan import make_plans

        return make_plans(self.runtime, request)

    def start(self, request: StartRequest) -> Session:
        """Make a session RUNNING and up to date. Its runs are not started: see `execute`."""
        from outrig.session.beneath import beneath
        from outrig.session.start import start

        return start(self.runtime, request, beneath(self, request))

    def sync(self, session: Session, snapshot: SnapshotInfo, *, clean: bool = False) -> Session:
        """Make a running session's work directory equal to a snapshot."""
        from outrig.session.start import sync

        return sync(self.runtime, session, self.snapshots.reader(snapshot), clean=clean)

    def stop(self, session: Session, *, keep: bool = False) -> Session:
        """End a session, or suspend it with its work directory kept."""
        from outrig.session.stop import stop

        return stop(self.runtime, session, keep=keep)

    def pull(
        self,
        session: Session,
        *,
        outputs: Sequence[str] | None = None,
        apart: bool = False,
        anew: bool = True,
    ) -> list[Pulled]:
        """Bring a session's output files back; the default is what its project declares.

        `apart` puts them into `outputs/<session>/`, as those of a session that was started with
        others always are. `anew` `False` brings only what has not come back yet as it now is.
        """
        from outrig.session.projects import pull_request
        from outrig.session.pull import pull

        session = self.state.sessions.get(session.id) or session  # it may have got new nodes
        request = pull_request(self, session, outputs, apart=apart, anew=anew)
        return [] if request is None else pull(self.runtime, session, request)

    def list_files(self, session: Session, patterns: Sequence[str] = ()) -> list[RemoteFile]:
        """List files in a session's work directory."""
        from outrig.session.files import list_files

        return list_files(self.runtime, session, patterns)

    def get_files(self, session: Session, path: str, target: Path) -> list[tuple[str, Path]]:
        """Copy a file or directory from a session to this computer."""
        from outrig.session.files import get_files

        return get_files(self.runtime, session, path, target)

    def put_files(self, session: Session, source: Path, target: str) -> list[tuple[Path, str]]:
        """Copy a file or directory from this computer into a session."""
        from outrig.session.files import put_files

        return put_files(self.runtime, session, source, target)

    def events(self, session: Session, after: int = 0) -> list[Event]:
        """Return what happened to a session, after the event of that number."""
        return self.state.events.of_session(session.id, after)

    def applied(self, session: Session) -> list[Applied]:
        """Return the snapshots that were put on a session, oldest first."""
        return self.state.sessions.applied(session.id)

    # Runs

    def execute(
        self, session: Session, runs: Sequence[NewRun], *, cap: int | None = None
    ) -> list[Run]:
        """Start runs in a session and return at once."""
        from outrig.session.execute import execute

        return execute(self.runtime, session, runs, cap)

    def follow(self, session: Session, runs: Sequence[Run], *, since: int = 0) -> list[Run]:
        """Hand what runs print to the observer until they end; returns them as they ended."""
        from outrig.session.following import follow

        return follow(self.runtime, session, runs, since=since, recover=self.recover)

    def read_logs(self, session: Session, run: Run, *, since: int = 0) -> None:
        """Hand what a run has printed so far to the observer."""
        from outrig.session.following import read_logs

        read_logs(self.runtime, session, run, since=since)

    def wait(self, session: Session, runs: Sequence[Run]) -> list[Run]:
        """Wait until runs have ended; returns them as they ended."""
        from outrig.session.following import wait

        return wait(self.runtime, session, runs, recover=self.recover)

    def cancel_runs(self, session: Session, runs: Sequence[Run], grace_s: float = 5) -> list[Run]:
        """End runs: TERM, then KILL after `grace_s` seconds."""
        from outrig.session.execute import cancel

        return cancel(self.runtime, session, runs, grace_s)

    def refresh(self, session: Session) -> list[Run]:
        """Ask the nodes about the runs of a session that had not ended, and return all its runs."""
        from outrig.session.execute import refresh

        return refresh(self.runtime, session, self.state.runs.of_session(session.id))

    def bring_up_to_date(self, session: Session) -> Session:
        """Ask the nodes how a session and its runs stand, record it and return the record."""
        from outrig.session.upkeep import bring_up_to_date

        return bring_up_to_date(self.runtime, session)

    def recover(self, session: Session, lost: RemoteError) -> Session:
        """Return a session whose nodes did not answer: with new ones, if its own were taken back.

        Raises `lost` when that is not why they did not answer.
        """
        from outrig.session.recovery import recover

        return recover(self, session, lost)

    def inventory(
        self, provider: str, query: NodeQuery, settings: Mapping[str, object] | None = None
    ) -> Inventory:
        """Ask a provider what it has; `settings` stand over those of the configuration."""
        from outrig.session.outside import inventory

        return inventory(self.runtime, provider, query, settings or {})

    def configured_providers(self) -> list[str]:
        """Return the names of the providers that the configuration has settings for."""
        from outrig.session.known_nodes import configured_providers

        return configured_providers()

    def give_back(
        self,
        provider: str,
        refs: Sequence[ResourceRef],
        how: Release,
        settings: Mapping[str, object] | None = None,
    ) -> ReleaseReport:
        """Give back what `inventory` found and is no session's here."""
        from outrig.session.outside import give_back

        return give_back(self.runtime, provider, refs, how, settings or {})

    def find_orphans(self) -> list[Orphan]:
        """Return what is kept somewhere and nothing uses; changes nothing."""
        from outrig.session.upkeep import find_orphans

        return find_orphans(self.runtime)

    def remove_orphans(self, orphans: list[Orphan]) -> list[tuple[Orphan, str | None]]:
        """Clear orphans away; returns each with the reason why it is still there, if it is."""
        from outrig.session.upkeep import remove

        return remove(self.runtime, orphans)

    def runs(self, session: Session | None = None, *, limit: int = 1000) -> list[Run]:
        """Return recorded runs, newest first."""
        if session is None:
            return self.state.runs.newest(limit)
        return self.state.runs.of_session(session.id)[::-1][:limit]

    def run(self, prefix: str) -> tuple[Session, Run]:
        """Return the run whose id begins so, and its session; raises `NotFoundError`."""
        from outrig.session.find import find_run

        return find_run(self.runtime, prefix)
