"""The base of every provider whose nodes can run our node program."""

from __future__ import annotations

import base64
from abc import ABC
from typing import TYPE_CHECKING

from outrig.access import WithConsole, WithPrograms
from outrig.interfaces import (
    WithAutostop,
    WithEnvironment,
    WithSessionEnd,
    WithUpkeep,
)
from outrig.model.node import Kept
from outrig.model.run import PreparedEnvironment, Stream
from outrig.node.answers import (
    CheckAnswer,
    CodeAnswer,
    InventoryAnswer,
    MadeAnswer,
    Nothing,
    RemovedAnswer,
)
from outrig.node.console import NodeConsole, NodeProgram
from outrig.node.files import FilesOnNodes
from outrig.node.program.step import ERR_MARK
from outrig.node.reaching import ReachingNodes
from outrig.node.runs import RunsOnNodes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.interfaces import Context
    from outrig.model.console import Console, ConsoleRequest, Program
    from outrig.model.node import Lifetime, Node
    from outrig.model.run import EnvironmentSource, PrepareRequest
    from outrig.node.client import Exchange, NodeClient

LOOK_S = 0.2


class NodeProvider(
    RunsOnNodes,
    FilesOnNodes,
    ReachingNodes,
    WithEnvironment,
    WithConsole,
    WithPrograms,
    WithSessionEnd,
    WithAutostop,
    WithUpkeep,
    ABC,
):
    """Gives everything a session needs to a provider that can say how to reach its nodes.

    A subclass gives `provision`, `list_nodes`, `release` and `endpoint`. Connections are kept until
    `close()`. `keep_bytes` is how much of ended sessions' snapshots a node keeps for later ones.
    """

    keep_bytes: int = 0

    def prepare(self, request: PrepareRequest, context: Context) -> PreparedEnvironment:
        """See `WithEnvironment`; on several nodes at once."""
        fields = environment_fields(request.source)

        def on_node(node: Node) -> bool:
            return self.on(node, lambda client: self._prepare(client, request, fields, context))

        made = self.on_each(request.nodes, on_node)
        return PreparedEnvironment(digest=request.digest, made=any(made))

    def can_prepare(self, node: Node, source: EnvironmentSource) -> None:
        """Raise `RemoteError` when a node lacks the tool that an environment needs."""
        spec = source.spec
        fields = {"conda": spec.conda, "dockerfile": spec.dockerfile, "image": spec.image}
        if any(fields.values()):
            self.on(node, lambda client: client.call(Nothing, "can_prepare", **fields))

    def _prepare(
        self,
        client: NodeClient,
        request: PrepareRequest,
        fields: dict[str, object],
        context: Context,
    ) -> bool:
        with client.start(
            MadeAnswer, "prepare", session=request.session_id, digest=request.digest, **fields
        ) as exchange:
            while (data := exchange.receive(LOOK_S)) is not None:
                context.check_cancelled()
                if data:
                    stream = Stream.ERR if data[:1] == ERR_MARK else Stream.OUT
                    context.output(stream, data[1:])
            return exchange.reply().made

    def console(self, request: ConsoleRequest) -> Console:
        """See `WithConsole`."""
        size = {"columns": request.size.columns, "rows": request.size.rows}
        return NodeConsole(self._start("console", request, **size))

    def program(self, request: ConsoleRequest) -> Program:
        """See `WithPrograms`."""
        return NodeProgram(self._start("program", request))

    def _start(self, op: str, request: ConsoleRequest, **size: int) -> Exchange[CodeAnswer]:
        return self.client(request.node).start(
            CodeAnswer,
            op,
            session=request.session_id,
            argv=list(request.argv),
            env=request.environment and request.environment.digest,
            variables=dict(request.variables),
            **size,
        )

    def end_session(self, session_id: str, nodes: tuple[Node, ...], grace_s: float) -> None:
        """See `WithSessionEnd`."""

        def on_node(node: Node) -> None:
            self.on(
                node,
                lambda client: client.call(
                    Nothing,
                    "end_session",
                    session=session_id,
                    grace_s=grace_s,
                    keep_bytes=self.keep_bytes,
                ),
            )

        self.on_each(nodes, on_node)

    def arm(self, session_id: str, nodes: Sequence[Node], lifetime: Lifetime) -> None:
        """See `WithAutostop`."""
        fields: dict[str, object] = {
            "idle_s": lifetime.idle_s,
            "max_age_s": lifetime.max_age_s,
            "terminate": lifetime.terminate,
        }

        def on_node(node: Node) -> None:
            self.on(node, lambda client: client.call(Nothing, "arm", session=session_id, **fields))

        self.on_each(nodes, on_node)

    def in_use(self, session_id: str, node: Node) -> None:
        """See `WithAutostop`."""
        self.client(node).call(Nothing, "touch", session=session_id)

    def check_node(self, node: Node) -> tuple[tuple[str, bool, str], ...]:
        """Look at a node, as `WithCheck` does at a provider."""
        return self.on(node, lambda client: client.call(CheckAnswer, "check")).checks

    def kept(self, node: Node) -> Kept:
        """See `WithUpkeep`."""
        answer = self.on(node, lambda client: client.call(InventoryAnswer, "inventory"))
        return Kept(
            sessions=answer.sessions,
            ended=answer.ended,
            environments=answer.environments,
            files_bytes=answer.kept_bytes,
            leftovers=answer.leftovers,
        )

    def remove_environment(self, node: Node, digest: str) -> bool:
        """See `WithUpkeep`."""
        return self.on(
            node,
            lambda client: client.call(RemovedAnswer, "remove_environment", digest=digest),
        ).removed

    def remove_leftover(self, node: Node, name: str) -> None:
        """See `WithUpkeep`."""
        self.on(node, lambda client: client.call(Nothing, "remove_leftover", name=name))


def environment_fields(source: EnvironmentSource) -> dict[str, object]:
    """Return an environment as nodes are told of it."""
    spec = source.spec
    return {
        "requirements": spec.requirements,
        "conda": spec.conda,
        "dockerfile": spec.dockerfile,
        "image": spec.image,
        "shell": list(spec.shell),
        "files": {
            path: base64.b64encode(data).decode("ascii") for path, data in source.files.items()
        },
    }
