"""Ray on the nodes of a cluster: one run per node, which lasts as long as Ray does there.

So a cluster's Ray ends with its run, and nobody else's with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.errors import OutrigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import Node, Outrig, Run, Session

RUNTIME = "ray-runtime"
SET_UP = "ray-setup"
GRACE_S = 5.0


def runtimes(outrig: Outrig, session: Session) -> dict[str, Run]:
    """Return the runs that are Ray's, by the node they are on, as last seen; without asking."""
    found = [one for one in outrig.runs(session) if one.command == RUNTIME]
    newest: dict[str, Run] = {}
    for one in sorted(found, key=lambda run: run.id):
        if one.ref is not None and not one.state.status.ended:
            newest[one.ref.node.id] = one
    return newest


def seen_runtime(outrig: Outrig, session: Session, node: Node) -> Run | None:
    """Ask a node whether its Ray runs, and return the run if so; raises `RemoteError`."""
    run = runtimes(outrig, session).get(node.id)
    if run is None or run.ref is None:
        return None
    state = outrig.runtime.executor(session).observe((run.ref,))[0]
    if not state.status.ended:
        return run
    outrig.wait(session, [run])
    return None


def stop_ray(
    outrig: Outrig, session: Session, nodes: Sequence[Node], grace_s: float = GRACE_S
) -> list[tuple[Node, OutrigError | None]]:
    """End this cluster's Ray on nodes, the head last; returns where it ran and what went wrong."""
    known = runtimes(outrig, session)
    ended: list[tuple[Node, OutrigError | None]] = []
    for node in sorted(nodes, key=lambda one: -one.rank):
        run = known.get(node.id)
        if run is None:
            continue
        try:
            outrig.cancel_runs(session, [run], grace_s)
            ended.append((node, None))
        except OutrigError as err:
            ended.append((node, err))
    return ended
