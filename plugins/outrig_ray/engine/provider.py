"""The provider `ray`: a cluster that is running, whose scheduler places what sessions run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

from outrig.api import (
    Inventory,
    Node,
    PreparedEnvironment,
    ReleaseReport,
    WithCheck,
    WithEnvironment,
    WithRuntime,
    WithSessionEnd,
)
from outrig.errors import CapacityError, OutrigError, RemoteError, UnreachableError
from outrig_ray.engine.asking import SESSION, Asked
from outrig_ray.engine.files import FilesOnCluster
from outrig_ray.engine.held import Shelf
from outrig_ray.engine.package import name_of, pack_file
from outrig_ray.engine.runs import RunsAsJobs
from outrig_ray.jobs.job import JobStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrig.api import (
        Context,
        EnvironmentSource,
        NodeQuery,
        Outrig,
        PrepareRequest,
        ProvisionRequest,
        Release,
        ResourceRef,
        Session,
    )
    from outrig_ray.jobs.job import Job


class RayProvider(
    RunsAsJobs, FilesOnCluster, WithEnvironment, WithSessionEnd, WithCheck, WithRuntime
):
    """Sessions on a Ray cluster through its dashboard; Ray itself is not needed here."""

    def provision(self, request: ProvisionRequest, context: Context) -> tuple[Node, ...]:
        """See that the cluster answers; it is the one node, and nothing of it is held."""
        context.check_cancelled()
        if request.count != 1:
            raise CapacityError(
                f"provider ray has 1 node, the cluster; {request.count} are asked for",
                hint="Ray places each run: ask for what a run takes with --resources",
            )
        self.jobs.ray_version()
        return (self._node(),)

    def _node(self) -> Node:
        parts = urlsplit(self.jobs.dashboard.address.url)
        return Node(
            id=parts.netloc.rpartition("@")[2], provider="ray", address=parts.hostname or ""
        )

    def list_nodes(self, query: NodeQuery, context: Context) -> Inventory:
        """Return the cluster."""
        context.check_cancelled()
        return Inventory(nodes=() if query.scopes else (self._node(),))

    def release(
        self,
        targets: tuple[ResourceRef, ...],
        how: Release,  # noqa: ARG002
        context: Context,  # noqa: ARG002
    ) -> ReleaseReport:
        """Give nothing back: a session's jobs and files go with `end_session`."""
        return ReleaseReport(released=targets)

    def check_environment(self, source: EnvironmentSource) -> None:
        """Refuse images: a cluster's nodes are what they are."""
        if source.spec.image or source.spec.dockerfile:
            raise RemoteError(
                "provider ray makes no images: the cluster's nodes are there already",
                hint="use environment.requirements, conda or shell",
            )

    def prepare(self, request: PrepareRequest, context: Context) -> PreparedEnvironment:
        """Note what Ray is to make of it: that happens on each node, with the first run there."""
        context.check_cancelled()
        self.check_environment(request.source)
        made = {
            "runtime_env": runtime_env(request.source),
            "shell": list(request.source.spec.shell),
        }
        with Shelf(request.session_id).change() as held:
            held.environments[request.digest] = made
        return PreparedEnvironment(digest=request.digest)

    def end_session(
        self,
        session_id: str,
        nodes: tuple[Node, ...],  # noqa: ARG002
        grace_s: float,  # noqa: ARG002
    ) -> None:
        """End the session's jobs, remove its files from every node, and let Ray forget it all."""
        shelf = Shelf(session_id)
        if not shelf.directory.exists():  # nothing was sent yet, unless the cache was cleared
            try:
                self.jobs.ray_version()
            except UnreachableError:
                return
        known = self._jobs_of(session_id)
        self.stop_jobs(known)
        known = [self.ended(one.id) for one in known]
        if any(one.node_id is not None for one in known):
            data = pack_file(b"")
            self.jobs.put_package(name_of(data), data)
            asked = [
                Asked(
                    session_id=session_id,
                    job_id=(name := f"outrig-end-{uuid4().hex}"),
                    package=name_of(data),
                    spec={"do": "end", "jobs": [name, *(one.id for one in known)]},
                    words="remove the session",
                ).job(cpus=0, resources=place)
                for place in self.places(session_id)
            ]
            ended = self.finished(asked)
            known += ended
            failed = [one for one in ended if one.status is not JobStatus.SUCCEEDED]
            if failed:
                raise RemoteError(
                    f"files of the session are still on the cluster: {failed[0].message.strip()}"
                )
        self.jobs.forget([one.id for one in known], self.attendant.pause)
        shelf.remove()

    def _jobs_of(self, session_id: str) -> list[Job]:
        found = self.patiently(self.jobs.jobs)
        return [one for one in found if one.metadata.get(SESSION) == session_id]

    def is_up(self, outrig: Outrig, session: Session, version: str | None) -> bool:  # noqa: ARG002
        """Ask the nodes of another provider's session whether Ray runs there."""
        from outrig_ray.clusters.beneath import is_up

        return is_up(outrig, session)

    def bring_up(self, outrig: Outrig, session: Session, version: str | None) -> Mapping[str, str]:
        """Start Ray on the nodes of another provider's session."""
        from outrig_ray.clusters.beneath import bring_up

        return bring_up(outrig, session, version)

    def check(self) -> Iterator[tuple[str, bool, str]]:
        """Say whether the dashboard answers, and how many nodes there are."""
        try:
            version, nodes = self.jobs.ray_version(), self.addresses()
        except OutrigError as err:
            yield "dashboard", False, str(err)
        else:
            count = f"{len(nodes)} node{'' if len(nodes) == 1 else 's'}"
            yield "dashboard", True, f"Ray {version}, {count}"


def runtime_env(source: EnvironmentSource) -> dict[str, Any]:
    """Return an environment as Ray's own; raises `RemoteError` for a file that is none."""
    found: dict[str, Any] = {}
    if source.spec.requirements:
        text = source.files[source.spec.requirements].decode(errors="replace")
        lines = [one.strip() for one in text.splitlines()]
        found["pip"] = [one for one in lines if one and not one.startswith("#")]
    if source.spec.conda:
        found["conda"] = _conda(source.spec.conda, source.files[source.spec.conda])
    return found


def _conda(path: str, data: bytes) -> object:
    import yaml

    try:
        return yaml.safe_load(data)
    except yaml.YAMLError as err:
        raise RemoteError(f"{path} is not YAML: {' '.join(str(err).split())}") from err
