"""Makes a cluster what its file says: nodes, mounts, set-up, Ray; what has not changed is left.

All nodes are set up at once. Workers join once the head is ready. A head that fails takes the
workers' turn away, and a new cluster is released again; a worker that fails leaves the others be.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from outrig.api import Node, SessionState
from outrig.errors import Interrupted, OutrigError
from outrig_ray.clusters.cluster import PROJECT, Cluster
from outrig_ray.clusters.following import StepError
from outrig_ray.clusters.node import NodeWork
from outrig_ray.clusters.passing import pass_on
from outrig_ray.clusters.scaling import scaling_variables, with_scaling
from outrig_ray.clusters.starting import changed_settings, start_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.api import ClusterFile, Outrig, Run, Session
    from outrig_ray.clusters.steps import Mounted
    from outrig_ray.clusters.watching import Watcher

_MOST_AT_ONCE = 64


class Restart(Enum):
    """When Ray is started anew where it runs: if it has to be, always, never."""

    NEEDED = "needed"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpOptions:
    """How to bring a cluster up. `plain` runs commands without a login shell.

    Without `wait` it is up when the head is: workers go on by themselves. `temporary` is Ray's own
    directory on the nodes, which is removed when it is ended.
    """

    restart: Restart = Restart.NEEDED
    plain: bool = False
    wait: bool = True
    temporary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """How it went: the cluster, what failed on which worker, and what had to be done."""

    cluster: Cluster
    failed: tuple[tuple[Node, OutrigError], ...] = ()
    changed: bool = False


def bring_up(outrig: Outrig, file: ClusterFile, options: UpOptions, watcher: Watcher) -> Brought:
    """Bring a cluster up; raises what went wrong with its nodes or its head."""
    _say_changes(outrig, file, watcher)
    before = {one.id for one in outrig.sessions() if one.state is SessionState.RUNNING}
    session, mounts = start_session(outrig, file)
    try:
        with outrig.runtime.hold(session) as session:
            return work_on(outrig, session, file, options, watcher, mounts)
    except BaseException as err:
        if session.id not in before:
            _give_up(outrig, session, watcher)
            if isinstance(err, StepError):
                err.hint = None  # its log went with the nodes
        raise


def work_on(
    outrig: Outrig,
    session: Session,
    file: ClusterFile,
    options: UpOptions,
    watcher: Watcher,
    mounts: tuple[Mounted, ...] = (),
) -> Brought:
    """Set up the nodes of a running session and start Ray there; raises what the head fails of."""
    return _Work(outrig, session, file, options, watcher, mounts).run()


def _say_changes(outrig: Outrig, file: ClusterFile, watcher: Watcher) -> None:
    """Say which settings of a file come too late for nodes that are there."""
    session = outrig.state.sessions.live(PROJECT, file.name)
    late = changed_settings(session, file) if session is not None and session.nodes else ()
    if late:
        watcher.notice(f"{file.name}: {', '.join(late)}: they count when its nodes are made anew")


def _give_up(outrig: Outrig, session: Session, watcher: Watcher) -> None:
    """Release a new cluster whose head did not come up."""
    watcher.notice(f"releasing what was made for {session.name}")
    with outrig.cancel.passed_over():
        try:
            outrig.stop(session)
        except OutrigError as problem:
            watcher.notice(
                f"{session.name} could not be released ({problem}): outrig ray down {session.name}"
            )


class _Work:
    def __init__(
        self,
        outrig: Outrig,
        session: Session,
        file: ClusterFile,
        options: UpOptions,
        watcher: Watcher,
        mounts: tuple[Mounted, ...],
    ) -> None:
        self._outrig = outrig
        self._session = session
        self._watcher = watcher
        self._head_up = threading.Event()
        self._let_go = threading.Event()
        self._waits = options.wait
        self._head_run: Run | None = None
        self._stopped = False
        self._passed = False
        file = with_scaling(outrig, session, file)
        head = session.nodes[0]
        address = file.head_address or head.data.get("private") or head.address or "127.0.0.1"
        self._nodes = [
            NodeWork(
                outrig=outrig,
                session=session,
                node=node,
                group=file.group(node.rank),
                mounts=mounts,
                head_address=address,
                plain=options.plain,
                restart=options.restart.value,
                watcher=watcher,
                let_go=self._let_go,
                temporary=options.temporary,
                scaling=scaling_variables(file, node.rank),
            )
            for node in session.nodes
        ]
        self._cluster = Cluster(session=session, file=file)

    def run(self) -> Brought:
        """Work on all nodes; raises what happened to the head."""
        head, *workers = self._nodes
        count = max(1, min(_MOST_AT_ONCE, len(workers)))
        with ThreadPoolExecutor(max_workers=count) as pool:
            tasks = [(one, pool.submit(self._guarded(one))) for one in workers]
            try:
                head.set_up()
                self._passed = self._pass_on()
                self._head_run = head.start(None)
                if not self._waits:
                    self._let_go.set()
            except BaseException:
                self._stopped = True
                raise
            finally:
                self._head_up.set()
        errors = [(one.node, task.result()) for one, task in tasks]
        failed = tuple((node, err) for node, err in errors if err is not None)
        for _, err in failed:
            if isinstance(err, Interrupted):
                raise err
        changed = self._passed or any(one.changed for one in self._nodes)
        return Brought(cluster=self._cluster, failed=failed, changed=changed)

    def _pass_on(self) -> bool:
        """Copy the head's files to workers, unless Ray's autoscaler does that."""
        file = self._cluster.file
        if file is None or file.scaling is not None or not self._waits:
            return False
        return pass_on(self._outrig, self._session, file.synced)

    def _guarded(self, work: NodeWork) -> Callable[[], OutrigError | None]:
        def on_worker() -> OutrigError | None:
            try:
                work.set_up()
                self._head_up.wait()
                if not self._stopped:
                    work.start(self._head_run)
            except OutrigError as err:
                if not isinstance(err, Interrupted):
                    self._watcher.failed(work.node, err)
                return err
            return None

        return on_worker
