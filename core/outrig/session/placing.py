"""On which nodes of a session things run, and what they are told of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.errors import NotFoundError
from outrig.model.node import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrig.model.node import Node
    from outrig.model.session import Session

HEAD, WORKERS, ALL = "head", "workers", "all"


def nodes_named(session: Session, name: str) -> tuple[Node, ...]:
    """Return the nodes that `head`, `workers`, `all`, a rank or a node's name stands for.

    Raises `NotFoundError`.
    """
    found = [node for node in session.nodes if _is_meant(node, name)]
    if not found:
        names = ", ".join(node.id for node in session.nodes)
        raise NotFoundError(
            f'session "{session.name}" has no node "{name}" (has: {names})',
            hint="head, workers, all, a rank or a node's name",
        )
    return tuple(found)


def _is_meant(node: Node, name: str) -> bool:
    if name == ALL:
        return True
    if name == WORKERS:
        return node.role is Role.WORKER
    if name == HEAD:
        return node.role is Role.HEAD
    return name in (node.id, node.address, str(node.rank))


def world_variables(nodes: Sequence[Node]) -> Mapping[str, str]:
    """Return what every program of a session is told of its nodes; the head comes first."""
    hosts = [node.address or node.id for node in nodes]
    return {
        "OUTRIG_NODE_COUNT": str(len(nodes)),
        "OUTRIG_NODE_HOSTS": ",".join(hosts),
        "OUTRIG_HEAD_HOST": hosts[0] if hosts else "",
    }


def own_variables(node: Node) -> Mapping[str, str]:
    """Return what a program is told of the node it is on."""
    return {"OUTRIG_NODE_RANK": str(node.rank), "OUTRIG_NODE_ROLE": node.role.value}
