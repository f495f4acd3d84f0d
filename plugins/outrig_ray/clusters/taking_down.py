"""Takes a cluster down."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.api import NewRun, SessionState
from outrig.errors import OutrigError
from outrig_ray.clusters.cluster import forget_file
from outrig_ray.clusters.container import remove_script

if TYPE_CHECKING:
    from outrig.api import Outrig, Session
    from outrig_ray.clusters.cluster import Cluster


def _remove_containers(outrig: Outrig, cluster: Cluster) -> None:
    """Remove this cluster's containers; a node that cannot be asked is none of a user's worries."""
    for node in cluster.nodes:
        container = cluster.container(node)
        if container is None:
            continue
        script = remove_script(container, cluster.session.id)
        run = NewRun(script=script, command="ray-remove", on=node.id)
        with suppress(OutrigError):
            outrig.wait(cluster.session, outrig.execute(cluster.session, [run]))


def take_down(outrig: Outrig, cluster: Cluster, *, keep: bool = False) -> Session:
    """End a cluster; with `keep`, or where its file says so, its machines are only stopped.

    One that is stopped already is ended for good. Raises `RemoteError` when something could not be
    released; another time tries again.
    """
    session = cluster.session
    wanted = keep or (cluster.file is not None and cluster.file.keeps_nodes)
    keep = wanted and session.state is SessionState.RUNNING
    if not keep and session.state is SessionState.RUNNING:
        _remove_containers(outrig, cluster)
    ended = outrig.stop(session, keep=keep)
    if ended.state.ended:
        forget_file(outrig, ended.name)
    return ended
