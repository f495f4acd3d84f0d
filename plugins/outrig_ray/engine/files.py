"""Files of a session whose runs are jobs: on each node the session's directory is its own."""

from __future__ import annotations

import glob
import json
from typing import TYPE_CHECKING
from uuid import uuid4

from outrig.api import RemoteFile, WithFiles
from outrig.errors import NotFoundError, RemoteError, UsageError
from outrig_ray.engine.asking import SESSION, Asked
from outrig_ray.engine.held import Shelf
from outrig_ray.engine.node.files import OUTSIDE
from outrig_ray.engine.package import name_of, pack_file
from outrig_ray.engine.packages import Packages
from outrig_ray.jobs.client import UPLOAD_LIMIT
from outrig_ray.jobs.job import JobStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from outrig.api import Node, Settings
    from outrig_ray.jobs.job import Job

_PIN = 0.001


class FilesOnCluster(Packages, WithFiles):
    """Finds files on the nodes where a session's runs were, by jobs that look there."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._seen: dict[tuple[str, str], tuple[str, str]] = {}

    def places(self, session_id: str) -> list[Mapping[str, float]]:
        """Return what pins a job to each node where runs of a session were; else one to any."""
        ran = {
            one.node_id
            for one in self.patiently(self.jobs.jobs)
            if one.metadata.get(SESSION) == session_id
        }
        alive = self.patiently(self.addresses)
        return [{f"node:{address}": _PIN} for name, address in alive.items() if name in ran] or [{}]

    def list_files(
        self,
        session_id: str,
        node: Node,  # noqa: ARG002
        patterns: Sequence[str],
    ) -> tuple[RemoteFile, ...]:
        """Look on every node where runs were; of a path on several the newest counts."""
        for one in patterns:
            check_inside(one)
        shelf = Shelf(session_id)
        held = shelf.read()
        self.put_package(shelf, held)
        spec = {"do": "look", "patterns": list(patterns), "clean": held.clean}
        asked = [
            Asked(
                session_id=session_id,
                job_id=name,
                package=held.package,
                spec={**spec, "job": name, "generation": held.generation},
                words="list files",
            ).job(cpus=0, resources=place)
            for place in self.places(session_id)
            for name in (f"outrig-look-{uuid4().hex}",)
        ]
        found: dict[str, RemoteFile] = {}
        for job in self.finished(asked):
            self._take(session_id, job, found)
        return tuple(found.values())

    def _take(self, session_id: str, job: Job, found: dict[str, RemoteFile]) -> None:
        base = f"outrig/{session_id}/l/{job.id}"
        data = job.node_id and self.jobs.read_file(job.node_id, f"{base}/found.json")
        if not data or job.node_id is None or job.status is not JobStatus.SUCCEEDED:
            raise RemoteError(f"files of the session cannot be listed: {job.message.strip()}")
        for one in json.loads(data):
            file = RemoteFile(
                path=one["path"],
                is_directory=one["directory"],
                size_bytes=one["size"],
                mtime_ns=one["mtime_ns"],
                executable=one["executable"],
                target=one["target"],
            )
            other = found.get(file.path)
            if other is None or other.mtime_ns < file.mtime_ns:
                found[file.path] = file
                self._seen[session_id, file.path] = job.node_id, f"{base}/{one['name']}"

    def read_file(self, session_id: str, node: Node, path: str) -> Iterator[bytes]:
        """Stream a file from the node that has it."""
        check_inside(path)
        if (session_id, path) not in self._seen:
            self.list_files(session_id, node, [glob.escape(path)])
        if (session_id, path) not in self._seen:
            raise NotFoundError(f"there is no file {path} in the session")
        node_id, name = self._seen[session_id, path]
        query = {"node_id": node_id, "filename": name, "lines": -1}
        yield from self.jobs.dashboard.stream("api", "v0", "logs", "file", query=query)

    def write_file(
        self,
        session_id: str,
        node: Node,  # noqa: ARG002
        path: str,
        content: Iterable[bytes],
        executable: bool,
    ) -> None:
        """Write a file on every node where runs were; on others the next sync's files are there."""
        check_inside(path)
        data = pack_file(b"".join(content))
        if len(data) >= UPLOAD_LIMIT:
            raise UsageError(f"{path} is larger packed than a Ray dashboard takes: 100 MiB")
        package = name_of(data)
        self.jobs.put_package(package, data)
        asked = [
            Asked(
                session_id=session_id,
                job_id=f"outrig-put-{uuid4().hex}",
                package=package,
                spec={"do": "put", "path": path, "executable": executable},
                words="write a file",
            ).job(cpus=0, resources=place)
            for place in self.places(session_id)
        ]
        for job in self.finished(asked):
            if job.exit_code == OUTSIDE:
                raise UsageError(f"{path} is outside the work directory")
            if job.status is not JobStatus.SUCCEEDED:
                raise RemoteError(f"{path} cannot be written: {job.message.strip()}")


def check_inside(path: str) -> None:
    """Refuse a path that leads out of the work directory; raises `UsageError`."""
    if path.startswith("/") or ".." in path.split("/") or "\0" in path:
        raise UsageError(f"{path!r} is outside the work directory")
