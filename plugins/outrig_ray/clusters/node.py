"""The work on one node of a cluster that is brought up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from outrig.api import NewRun, Node, NodeGroup, Outrig, Session, WithFiles
from outrig.errors import NotFoundError, OutrigError
from outrig_ray.clusters.following import Script
from outrig_ray.clusters.runtime import GRACE_S, RUNTIME, SET_UP, seen_runtime
from outrig_ray.clusters.script import DONE, ray_overrides, runtime_script, set_up_script
from outrig_ray.clusters.steps import Mounted, Place, first_line, node_steps, start_digest
from outrig_ray.clusters.watching import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.api import Run

_MOST_NOTED = 1 << 20


@dataclass(slots=True, kw_only=True)
class NodeWork:
    """Sets a node up and starts Ray on it; `changed` tells whether anything had to be done."""

    outrig: Outrig
    session: Session
    node: Node
    group: NodeGroup
    mounts: tuple[Mounted, ...]
    head_address: str
    plain: bool
    restart: str
    watcher: Watcher
    temporary: str | None = None
    """Ray's own directory on the node, where it has one."""
    scaling: Mapping[str, str] = field(default_factory=dict)
    """What tells the start commands of Ray's autoscaler."""
    let_go: Event = field(default_factory=Event)
    """When it is set what goes on on the node is left to itself."""
    changed: bool = False
    _after: str | None = None

    @property
    def _variables(self) -> Mapping[str, str]:
        return {"RAY_HEAD_IP": self.head_address, "RAY_USAGE_STATS_ENABLED": "0"}

    def set_up(self) -> None:
        """Do the steps that are not done yet; raises `StepError`, `RemoteError`."""
        self._end_abandoned()
        if self.restart == "always":
            return
        place = Place(session=self.session.id, variables=self._variables, plain=self.plain)
        steps = node_steps(self.group, self.mounts, place)
        done = self._done() if steps else frozenset()
        left = [(at, one) for at, one in enumerate(steps) if one.digest not in done]
        if not left:
            return
        titles = {at: one.title for at, one in left}
        script = self._follow(SET_UP, set_up_script(left), titles, {})
        self._after = None if script.over else steps[-1].digest

    def _end_abandoned(self) -> None:
        """End set-up that goes on here although whoever watched it was killed."""
        runs = self.outrig.runs(self.session)
        left = [
            one
            for one in runs
            if one.command == SET_UP
            and not one.state.status.ended
            and one.ref is not None
            and one.ref.node.id == self.node.id
        ]
        if left:
            self.outrig.cancel_runs(self.session, left, GRACE_S)

    def _done(self) -> frozenset[str]:
        """Return the digests of the steps that the node has noted."""
        provider = self.outrig.runtime.provider(self.session)
        if not isinstance(provider, WithFiles):
            return frozenset()
        try:
            data = b""
            for part in provider.read_file(self.session.id, self.node, DONE):
                data += part
                if len(data) > _MOST_NOTED:
                    break
        except NotFoundError:
            return frozenset()
        return frozenset(data.decode("ascii", "replace").split())

    def start(self, head: Run | None) -> Run:
        """Start Ray unless it runs as it is to; `head` is the head's, which a worker joins."""
        params = {
            "digest": start_digest(self.group, self._variables),
            "head": "" if head is None else head.id,
        }
        running = seen_runtime(self.outrig, self.session, self.node)
        if running is not None and self._may_stay(running, params):
            return running
        self.changed = True
        if running is not None:
            self.watcher.step(self.node, "stop Ray")
            self.outrig.cancel_runs(self.session, [running], GRACE_S)
        commands = self.group.commands.start
        variables = {
            **self._variables,
            **self.scaling,
            **ray_overrides(self.group.resources, self.group.labels),
        }
        script = runtime_script(
            commands,
            variables,
            plain=self.plain,
            after=self._after,
            container=self.group.container,
            session=self.session.id,
            temporary=self.temporary,
        )
        titles = {at: f"start: {first_line(one)}" for at, one in enumerate(commands, 1)}
        return self._follow(RUNTIME, script, titles, params).run

    def _may_stay(self, running: Run, params: Mapping[str, str]) -> bool:
        if running.params.get("head") != params["head"]:
            return False  # its head is another one now
        if self.restart == "never":
            return True
        return self.restart != "always" and running.params.get("digest") == params["digest"]

    def _follow(
        self, command: str, text: str, titles: dict[int, str], params: Mapping[str, str]
    ) -> Script:
        wanted = NewRun(
            script=text,
            command=command,
            params=dict(params),
            on=self.node.id,
            background=self.group.container is not None,  # podman's is a process of the run
            beside=command == RUNTIME,
        )
        run = self.outrig.execute(self.session, [wanted])[0]
        node, watcher = self.node, self.watcher
        script = Script(
            node=node,
            run=run,
            titles=titles,
            what="starting Ray" if command == RUNTIME else "set-up",
            begun=self._begun(titles),
            ended=lambda at: watcher.done(node, titles.get(at, "")),
            line=lambda line: watcher.line(node, line),
            let_go=None if self.group.container is not None else self.let_go,
        )
        try:
            script.follow(self.outrig, self.session)
        except BaseException:
            self._end(run)
            raise
        if script.unwatched:
            watcher.notice(f"{node.id}: no process of Ray's was found after the start commands")
        return script

    def _begun(self, titles: Mapping[int, str]) -> Callable[[int], None]:
        def begun(at: int) -> None:
            self.changed = True
            self.watcher.step(self.node, titles.get(at, ""))

        return begun

    def _end(self, run: Run) -> None:
        """End a script that is not wanted any more."""
        with self.outrig.cancel.passed_over():
            try:
                self.outrig.cancel_runs(self.session, [run], GRACE_S)
            except OutrigError as err:
                self.watcher.notice(f"{self.node.id}: {err}")
