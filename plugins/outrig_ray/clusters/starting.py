"""The session of a cluster: its nodes, with the mounts of the cluster file in its directory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from outrig.api import FOR_EVER, Project, ProjectForm, StartRequest, check_name
from outrig.errors import ConflictError, UsageError
from outrig_ray.clusters.cluster import PROJECT, keep_file
from outrig_ray.clusters.steps import Mounted

if TYPE_CHECKING:
    from outrig.api import ClusterFile, ClusterMount, Outrig, Session, SnapshotReader

MOUNTS = "mounts"


def start_session(outrig: Outrig, cluster: ClusterFile) -> tuple[Session, tuple[Mounted, ...]]:
    """Start the session, or bring its files up to date; returns it and the mounts as they are."""
    _check_name(cluster.name)
    found = outrig.state.sessions.live(PROJECT, cluster.name)
    if found is not None:
        _check_same(found, cluster)
    reader = outrig.snapshots.gather(
        [(_name(number), one.local) for number, one in enumerate(cluster.mounts)],
        PROJECT,
        cluster.name,
        exclude=cluster.exclude,
        ignore_files=cluster.filters,
    )
    digests = reader.digests
    mounts = tuple(
        _mounted(number, one, digests[_name(number)]) for number, one in enumerate(cluster.mounts)
    )
    return outrig.start(_request(outrig, cluster, reader)), mounts


def _request(outrig: Outrig, cluster: ClusterFile, reader: SnapshotReader) -> StartRequest:
    home = keep_file(outrig, cluster)
    project = Project(
        name=cluster.name,
        root=home,
        file=home / "outrig.yaml",
        form=ProjectForm.OUTRIG,
        compute=cluster.compute,
    )
    return StartRequest(
        project=project,
        project_id=PROJECT,
        snapshot=reader,
        compute=cluster.compute,
        lifetime=FOR_EVER,
        cluster=str(cluster.path),
        name=cluster.name,
        grows=cluster.scaling is not None,
        resize=True,
    )


def _name(number: int) -> str:
    return f"{MOUNTS}-{number}"


def _mounted(number: int, mount: ClusterMount, digest: str) -> Mounted:
    directory = mount.local.is_dir()
    source = _name(number) if directory else f"{_name(number)}/{mount.local.resolve().name}"
    return Mounted(remote=mount.remote, source=source, directory=directory, digest=digest)


def _check_name(name: str) -> None:
    """Raise `UsageError` for a name that could not be that of a session, and of a directory."""
    try:
        check_name(name)
    except UsageError as err:
        raise UsageError(
            str(err).replace("session name", "cluster name", 1),
            hint="change cluster_name in the file, or give another with -n",
        ) from err


def _check_same(session: Session, cluster: ClusterFile) -> None:
    """Raise `ConflictError` when another cluster has the name."""
    settings = dict(cluster.compute.settings)
    was, wanted = _hosts(session.settings.get("hosts")), _hosts(settings.get("hosts"))
    if session.provider != cluster.compute.provider or wanted[: len(was)] != was[: len(wanted)]:
        where = ", ".join(one.id for one in session.nodes) or session.provider
        raise ConflictError(
            f'cluster "{session.name}" is there already, on other nodes ({where})',
            hint=f"take it down first: outrig ray down {session.name}; or give another name: -n",
        )
    _check_count(session, cluster)


def _hosts(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _check_count(session: Session, cluster: ClusterFile) -> None:
    """Raise `ConflictError` when the file asks for fewer nodes, or others in between."""
    wanted, there = cluster.compute.count, len(session.nodes)
    if wanted is None or not there or wanted == there:
        return
    if wanted < there or not _only_the_last_grows(session, cluster):
        raise ConflictError(
            f'cluster "{session.name}" has {there} node{"s" if there != 1 else ""}, '
            f"its file asks for {wanted}",
            hint="only workers of the last type can become more; else take it down first: "
            f"outrig ray down {session.name}",
        )


def _only_the_last_grows(session: Session, cluster: ClusterFile) -> bool:
    """Tell whether each node is of the same type still: those that are new come last."""
    then = _types(session.settings.get("worker_groups"))
    now = _types(dict(cluster.compute.settings).get("worker_groups"))
    if not then:
        return len(session.nodes) == 1 or "hosts" in session.settings
    return then[:-1] == now[: len(then) - 1]


def _types(groups: object) -> list[object]:
    """Return how many workers there are of each type that is one of its own."""
    found = json.loads(groups) if isinstance(groups, str) else []
    return [one.get("count") for one in found] if isinstance(found, list) else []


def changed_settings(session: Session, cluster: ClusterFile) -> tuple[str, ...]:
    """Return the settings of nodes that the file has changed since they were made."""
    then, now = dict(session.settings), dict(cluster.compute.settings)
    names = sorted({*then, *now} - {"tags"})  # they tell of the others
    return tuple(one for one in names if not _same(then.get(one), now.get(one)))


def _same(one: object, other: object) -> bool:
    """Tell whether two lists of hosts are the same; a record gives tuples back as lists."""
    lists = [list(each) if isinstance(each, list | tuple) else each for each in (one, other)]
    return bool(lists[0] == lists[1])
