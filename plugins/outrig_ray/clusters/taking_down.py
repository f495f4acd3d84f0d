"""Takes a cluster down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import SessionState
from outrig_ray.clusters.cluster import forget_file

if TYPE_CHECKING:
    from outrig.api import Outrig, Session
    from outrig_ray.clusters.cluster import Cluster


def take_down(outrig: Outrig, cluster: Cluster, *, keep: bool = False) -> Session:
    """End a cluster; with `keep`, or where its file says so, its machines are only stopped.

    One that is stopped already is ended for good. Raises `RemoteError` when something could not be
    released; another time tries again.
    """
    session = cluster.session
    wanted = keep or (cluster.file is not None and cluster.file.keeps_nodes)
    keep = wanted and session.state is SessionState.RUNNING
    ended = outrig.stop(session, keep=keep)
    if ended.state.ended:
        forget_file(outrig, ended.name)
    return ended
