"""Clusters of `outrig ray up` by name: their dashboard, and directories of any size on nodes."""

from __future__ import annotations

import re
import shlex
import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from outrig.api import NewRun, RunStatus, Stream
from outrig.errors import Interrupted, NotFoundError, RemoteError
from outrig_ray.clusters.cluster import find_cluster
from outrig_ray.clusters.transfer import send
from outrig_ray.jobs.address import DASHBOARD_PORT
from outrig_ray.jobs.package import IGNORE_FILES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrig.api import Outrig
    from outrig_ray.clusters.cluster import Cluster
    from outrig_ray.jobs.job import NewJob

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_DIRECTORY = "jobs"
_MOST_TEXT = 4096


def cluster_named(outrig: Outrig, text: str | None) -> Cluster | None:
    """Return the cluster of `outrig ray up` that an address names; `None`: it is an address."""
    if text is None or text == "auto" or not _NAME.fullmatch(text):
        return None
    with suppress(NotFoundError):
        return find_cluster(outrig, None, text)
    return None


def dashboard_of(outrig: Outrig, cluster: Cluster) -> str:
    """Lead a port of this computer to a cluster's dashboard, while this process lives."""
    forward = outrig.forward(cluster.session, (0, DASHBOARD_PORT))

    def serve() -> None:
        with suppress(Interrupted), outrig.cancel.passed_over():
            forward.serve()

    threading.Thread(target=serve, daemon=True).start()
    return f"http://localhost:{forward.port}"


def place_directory(outrig: Outrig, cluster: Cluster, source: Path, exclude: Sequence[str]) -> str:
    """Put a directory on every node of a cluster, at one place; returns its absolute path.

    It stays until the cluster is taken down. Raises `RemoteError`.
    """
    inside = f"{_DIRECTORY}/{uuid4().hex}"
    session = cluster.session
    parcel = send(
        outrig,
        session,
        session.nodes,
        f"{source}/",
        f"{inside}/",
        exclude=exclude,
        filters=IGNORE_FILES,
    )
    script = f"exec 2>&1\n(\n{parcel.script}) || exit 1\ncd {inside} && pwd -P"
    runs = outrig.wait(session, outrig.execute(session, [NewRun(script=script, on="all")]))
    places = set()
    for run in runs:
        said = ""
        if run.ref is not None:
            control = outrig.runtime.executor(session)
            said = control.read_log(run.ref, Stream.OUT, 0, _MOST_TEXT).data.decode(
                errors="replace"
            )
        if run.state.status is not RunStatus.SUCCEEDED:
            raise RemoteError(f"{source} cannot be put on {cluster.name}: {said.strip()}")
        places.add(said.strip())
    if len(places) != 1:
        raise RemoteError(f"the nodes of {cluster.name} have no directory of one name for it")
    return places.pop()


def in_place(new: NewJob) -> NewJob:
    """Return a job that works where its directory lies on the nodes, if that is there already."""
    place = new.runtime_env.get("working_dir")
    if not isinstance(place, str) or not place.startswith("/"):
        return new
    environment = {name: one for name, one in new.runtime_env.items() if name != "working_dir"}
    given = environment.get("env_vars")
    variables = (
        {str(name): str(one) for name, one in given.items()} if isinstance(given, dict) else {}
    )
    paths = [place, *([variables["PYTHONPATH"]] if "PYTHONPATH" in variables else [])]
    environment["env_vars"] = {**variables, "PYTHONPATH": ":".join(paths)}
    entrypoint = f"cd {shlex.quote(place)} && {{ {new.entrypoint}\n}}"
    return replace(new, entrypoint=entrypoint, runtime_env=environment)
