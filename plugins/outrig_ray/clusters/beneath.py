"""Ray on all nodes of any session: `runtime: ray` in a project."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.api import ClusterCommands, ClusterFile, Compute, NodeGroup, Session, Stream
from outrig.errors import RemoteError
from outrig_ray.clusters.bringing_up import Restart, UpOptions, work_on
from outrig_ray.clusters.following import StepError
from outrig_ray.clusters.runtime import GRACE_S, runtimes
from outrig_ray.clusters.script import MARK
from outrig_ray.clusters.survey import Surveyed, check_versions, survey
from outrig_ray.clusters.watching import Watcher

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.api import Node, Outrig, Run
    from outrig.errors import OutrigError

ADDRESS = "RAY_ADDRESS"
_ADDRESS = re.compile(r"^# address (\S+)$", re.MULTILINE)
_MOST_TEXT = 1 << 20
_START = """\
cd "$OLDPWD" || exit 1  # the session's directory, as what runs there finds
# environment {environment}
# address {address}
mkdir -m 700 -p {temporary} && [ -O {temporary} ] || exit 1
export PYTHONPATH="$PWD${{PYTHONPATH:+:$PYTHONPATH}}"
ray start {options} --disable-usage-stats"""


def is_up(outrig: Outrig, session: Session) -> bool:
    """Tell whether Ray runs on all nodes, as one cluster, with the session's environment."""
    known = runtimes(outrig, session)
    there = [known.get(node.id) for node in session.nodes]
    runs = [one for one in there if one is not None and _is_of(one, session)]
    if ADDRESS not in session.variables or len(runs) < len(session.nodes):
        return False
    head, *workers = runs
    if any(one.params.get("head") != head.id for one in workers):
        return False
    return all(_lives(outrig, session, one) for one in runs)


def _is_of(run: Run, session: Session) -> bool:
    """Tell whether Ray was started with the environment that the session now has."""
    return f"# environment {session.environment_digest}\n" in run.script


def bring_up(outrig: Outrig, session: Session, version: str | None) -> Mapping[str, str]:
    """Start Ray where it does not run; returns what tells programs where it is.

    Raises `RemoteError`, among them `StepError`, and `Interrupted`.
    """
    nodes = survey(outrig, session)
    check_versions(nodes, version)
    known = _living(outrig, session)
    changed = any(not _is_of(one, session) for one in known.values())
    head = known.get(session.nodes[0].id)
    found = None if head is None or changed else _ADDRESS.search(head.script)
    plan = _Plan(session=session, nodes=nodes, address=found[1] if found else _address(nodes))
    restart = Restart.ALWAYS if changed else Restart.NEVER
    options = UpOptions(restart=restart, plain=True, temporary=plan.temporary)
    notices = _Notices(outrig)
    try:
        brought = work_on(outrig, session, plan.file(), options, notices)
    except StepError as err:
        notices.show_tail(err)
        raise
    if brought.failed:
        raise brought.failed[0][1]
    return {ADDRESS: plan.address}


def _living(outrig: Outrig, session: Session) -> dict[str, Run]:
    """Return the runs in which Ray was started and goes on, by node; others are ended.

    A start that nobody follows any more, as its client was killed, is better begun anew.
    """
    known = runtimes(outrig, session)
    living = {node: run for node, run in known.items() if _lives(outrig, session, run)}
    if left := [run for node, run in known.items() if node not in living]:
        outrig.cancel_runs(session, left, GRACE_S)
    return living


def _lives(outrig: Outrig, session: Session, run: Run) -> bool:
    """Tell whether a run goes on and has said that Ray is started."""
    if run.ref is None:
        return False
    control = outrig.runtime.executor(session)
    if control.observe((run.ref,))[0].status.ended:
        return False
    said = control.read_log(run.ref, Stream.OUT, 0, _MOST_TEXT).data
    return f"{MARK}started\n".encode() in said


def _address(nodes: list[Surveyed]) -> str:
    """Return where Ray's head will be found; raises `RemoteError`."""
    head = nodes[0]
    host = "127.0.0.1" if len(nodes) == 1 else head.address
    if host is None:
        raise RemoteError(
            f"{head.node.id}: it has no address at which other nodes could find its Ray",
            hint="nodes of one Ray must reach one another in a network",
        )
    return f"{host}:{head.ports['gcs']}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is started on each node, as a cluster file would say it."""

    session: Session
    nodes: list[Surveyed]
    address: str

    @property
    def temporary(self) -> str:
        """Ray's own directory; in `/tmp/ray` programs that name no address would look for it.

        Sockets are below it, whose paths must be short.
        """
        return f"/tmp/ray-{self.session.id[-12:].lower()}"  # noqa: S108 - it is its owner's alone

    def file(self) -> ClusterFile:
        """Return the cluster: each node is a group of its own, as its ports are."""
        session, (head, *workers) = self.session, self.nodes
        host, _, port = self.address.rpartition(":")
        leading = {
            "node-ip-address": host,
            "port": port,
            "dashboard-port": str(head.ports["dashboard"]),
            "ray-client-server-port": str(head.ports["client"]),
            "temp-dir": f"{self.temporary}/r",  # Ray lets everybody into its own
        }
        return ClusterFile(
            name=session.name,
            path=session.project_root,
            compute=Compute(provider=session.provider),
            head=self._group(head, "--head", leading),
            workers=tuple(self._group(one, f"--address={self.address}", {}) for one in workers),
            head_address=host,
        )

    def _group(self, node: Surveyed, role: str, options: Mapping[str, str]) -> NodeGroup:
        values = {**options, "dashboard-agent-listen-port": str(node.ports["agent"])}
        words = [role, *(f"--{name}={one}" for name, one in values.items()), *self._slots()]
        start = _START.format(
            environment=self.session.environment_digest,
            address=self.address,
            temporary=self.temporary,
            options=shlex.join(words),
        )
        return NodeGroup(name=node.node.id, count=1, commands=ClusterCommands(start=(start,)))

    def _slots(self) -> list[str]:
        """Return what Ray may use of a node where the session asked for less than all."""
        asked = self.session.resources
        slots = {
            "num-cpus": None if asked.cpu is None else max(1, int(asked.cpu)),
            "num-gpus": None if asked.gpu is None else int(asked.gpu),
        }
        return [f"--{name}={one}" for name, one in slots.items() if one is not None]


class _Notices(Watcher):
    """Tells the observer what fails, with the end of what it printed."""

    def __init__(self, outrig: Outrig) -> None:
        self._outrig = outrig

    def failed(self, _node: Node, error: OutrigError) -> None:
        """Say it at once: other nodes go on."""
        self.notice(str(error))
        if isinstance(error, StepError):
            self.show_tail(error)

    def show_tail(self, err: StepError) -> None:
        """Say what the command that failed printed."""
        for line in err.tail:
            self.notice(f"  {line}")

    def notice(self, text: str) -> None:
        """Say it."""
        self._outrig.runtime.observer.notice(text)
