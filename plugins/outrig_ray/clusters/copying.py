"""What `ray rsync-up` and `ray rsync-down` copy."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import NewRun, RunStatus
from outrig.errors import NotFoundError, OutrigError, RemoteError
from outrig_ray.clusters.following import Script
from outrig_ray.clusters.script import mount_script, set_up_script
from outrig_ray.clusters.starting import start_session
from outrig_ray.clusters.steps import Step
from outrig_ray.clusters.transfer import fetch_script, new_aside, send

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import Node, Outrig, Session
    from outrig_ray.clusters.cluster import Cluster
    from outrig_ray.clusters.watching import Watcher

COPY = "ray-copy"


def copy_up(
    outrig: Outrig, cluster: Cluster, nodes: Sequence[Node], source: str, target: str
) -> None:
    """Copy a file or directory of this computer to nodes; raises `NotFoundError`, `RemoteError`."""
    file = cluster.file
    for node in nodes:
        parcel = send(
            outrig,
            cluster.session,
            (node,),
            source,
            target,
            exclude=file.exclude if file else (),
            filters=file.filters if file else (),
            container=cluster.container(node),
        )
        _run(outrig, cluster.session, node, parcel.script)


def copy_down(outrig: Outrig, cluster: Cluster, source: str, target: str) -> list[tuple[str, Path]]:
    """Copy a file or directory of the head to this computer; returns what went where."""
    session, aside = cluster.session, new_aside()
    script = fetch_script(source, aside, session.id, cluster.container(cluster.head))
    place = Path(target).expanduser()
    try:
        _run(outrig, session, cluster.head, script)
        found = outrig.list_files(session, [f"{aside}/*"])
        inside = next((one.path for one in found if posixpath.dirname(one.path) == aside), aside)
        is_directory = any(one.is_directory for one in found if one.path == inside)
        if is_directory or target.endswith("/"):
            place.mkdir(parents=True, exist_ok=True)
        if is_directory and source.endswith("/"):
            return _contents(outrig, session, inside, place)
        return outrig.get_files(session, inside, place)
    finally:
        with suppress(OutrigError), outrig.cancel.passed_over():
            _run(outrig, session, cluster.head, f"rm -rf {aside}")


def _contents(outrig: Outrig, session: Session, inside: str, place: Path) -> list[tuple[str, Path]]:
    found = []
    for one in outrig.list_files(session, [f"{inside}/*"]):
        if posixpath.dirname(one.path) == inside and one.target is None:
            found += outrig.get_files(session, one.path, place)
    return found


def _run(outrig: Outrig, session: Session, node: Node, script: str) -> None:
    """Run a script on a node to its end; raises `RemoteError` with what it printed."""
    wanted = NewRun(script=f"exec 2>&1\n{script}", command=COPY, on=node.id)
    run = outrig.execute(session, [wanted])[0]
    said: list[str] = []
    follower = Script(node=node, run=run, titles={}, what="copying", line=said.append)
    try:
        follower.follow(outrig, session)
    except OutrigError as err:
        if outrig.refresh(session)[-1].state.status is RunStatus.FAILED and said:
            if "No such file" in said[-1]:
                raise NotFoundError(f"{node.id}: {said[-1]}") from err
            raise RemoteError(f"{node.id}: {said[-1]}") from err
        raise


def copy_mounts(outrig: Outrig, cluster: Cluster, nodes: Sequence[Node], watcher: Watcher) -> int:
    """Copy the mounts of a cluster's file again; returns how many there are."""
    if cluster.file is None:
        raise NotFoundError(
            f"the file of cluster {cluster.name} is not there", hint="name the cluster file"
        )
    session, mounts = start_session(outrig, cluster.file)
    cluster = replace(cluster, session=session)
    steps = [
        (
            number,
            Step(
                title=f"copy {one.remote}",
                script=mount_script(one.remote, one.source, directory=one.directory),
                digest=one.digest,
            ),
        )
        for number, one in enumerate(mounts)
    ]
    for node in nodes if steps else ():
        _run_steps(outrig, session, node, steps, watcher)
    return len(mounts)


def _run_steps(
    outrig: Outrig,
    session: Session,
    node: Node,
    steps: Sequence[tuple[int, Step]],
    watcher: Watcher,
) -> None:
    """Do steps on a node to their end; raises `StepError`."""
    wanted = NewRun(script=set_up_script(steps), command=COPY, on=node.id)
    run = outrig.execute(session, [wanted])[0]
    titles = {number: step.title for number, step in steps}
    script = Script(
        node=node,
        run=run,
        titles=titles,
        what="copying",
        begun=lambda at: watcher.step(node, titles[at]),
    )
    script.follow(outrig, session)
