"""The Jobs API of a Ray cluster."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from outrig.errors import ConflictError, NotFoundError, RemoteError
from outrig_ray.jobs.dashboard import Dashboard
from outrig_ray.jobs.job import JobStatus, job_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from outrig_ray.jobs.address import Address
    from outrig_ray.jobs.job import Job, NewJob

FOLLOW_S = 0.25
"""How often a node looks for more of a log that is followed."""
SETTLES_S = 1.2
"""How often Ray looks at each job, and writes of one that just ended, in seconds."""
_CLEAN = 2
_LONG_AGO_S = 30.0
UPLOAD_LIMIT = 100 * 1024 * 1024
"""What a dashboard takes at once."""
_MISSING = "A file is not found"
_TAKEN = re.compile(r"submission_id \S+ already exists")


class Jobs:
    """The jobs of one cluster. Methods raise `OutrigError`."""

    def __init__(self, address: Address) -> None:
        self.dashboard = Dashboard(address)

    def ray_version(self) -> str:
        """Return which Ray the cluster runs."""
        return str(self.dashboard.get("api", "version").get("ray_version", ""))

    def submit(self, new: NewJob) -> str:
        """Start a job and return its id; raises `ConflictError` when its id is taken."""
        return self.submit_body(new.body())

    def submit_body(self, body: Mapping[str, object]) -> str:
        """Start a job that is described as Ray wants it; as `submit`."""
        try:
            answer = self.dashboard.post("api", "jobs", "", body=body)
        except RemoteError as err:
            if _TAKEN.search(str(err)):
                raise ConflictError(
                    f'there is a job "{body["submission_id"]}" already',
                    hint="give another --submission-id",
                ) from None
            raise
        return str(answer.get("submission_id") or answer.get("job_id"))

    def job(self, job_id: str) -> Job:
        """Return a job; raises `NotFoundError`."""
        with_name(job_id)
        try:
            return job_of(self.dashboard.get("api", "jobs", job_id))
        except NotFoundError:
            raise no_job(job_id) from None

    def jobs(self) -> list[Job]:
        """Return the jobs that were submitted, the newest first."""
        found = [
            job_of(one)
            for one in self.dashboard.get("api", "jobs", "")
            if one.get("type", "SUBMISSION") == "SUBMISSION"
        ]
        return sorted(found, key=_age, reverse=True)

    def stop(self, job_id: str) -> bool:
        """Ask a job to end; false when it has ended. Raises `NotFoundError`."""
        with_name(job_id)
        try:
            return bool(self.dashboard.post("api", "jobs", job_id, "stop").get("stopped"))
        except NotFoundError:
            raise no_job(job_id) from None

    def delete(self, job_id: str, pause: Callable[[float], None] = time.sleep) -> None:
        """Forget a job that has ended; raises `NotFoundError`, `ConflictError`."""
        job = self.job(job_id)
        if not job.status.ended:
            raise ConflictError(
                f'job "{job_id}" is {job.status.value}',
                hint=f"stop it first: outrig ray job stop {job_id}",
            )
        self.forget([job_id], pause)

    def forget(self, job_ids: Iterable[str], pause: Callable[[float], None]) -> None:
        """Delete jobs that have ended, for good: Ray may yet write that one that just ended has."""
        wanted, clean = set(job_ids), 0
        while wanted and clean < _CLEAN:
            found = [one for one in self.jobs() if one.id in wanted and one.status.ended]
            for one in found:
                self.dashboard.delete("api", "jobs", one.id)
            wanted -= {one.id for one in found if _is_settled(one)}
            clean = 0 if found else clean + 1
            if wanted:
                pause(SETTLES_S)

    def follow_file(self, node_id: str, name: str) -> Iterator[bytes]:
        """Yield a file among a node's logs from its beginning on, and what is added to it."""
        query = {"node_id": node_id, "filename": name, "lines": -1, "interval": FOLLOW_S}
        return self.dashboard.stream("api", "v0", "logs", "stream", query=query)

    def read_file(self, node_id: str, name: str) -> bytes | None:
        """Return a file among a node's logs, `None` if there is none."""
        query = {"node_id": node_id, "filename": name, "lines": -1}
        try:
            return self.dashboard.get_bytes("api", "v0", "logs", "file", query=query)
        except RemoteError as err:
            if _MISSING in str(err):
                return None
            raise

    def log(self, job: Job) -> bytes:
        """Return what a job has printed so far."""
        if job.node_id is None:
            return b""
        return self.read_file(job.node_id, job.log_name) or b""

    def has_package(self, name: str) -> bool:
        """Tell whether the cluster has a package; if so it keeps it for some minutes more."""
        try:
            self.dashboard.get_bytes("api", "packages", "gcs", name)
        except NotFoundError:
            return False
        return True

    def put_package(self, name: str, data: bytes) -> None:
        """Upload a package."""
        self.dashboard.put("api", "packages", "gcs", name, data=data)


def with_name(job_id: str) -> None:
    """Refuse an id that would be another path; raises `NotFoundError`."""
    if not job_id or job_id in (".", ".."):
        raise no_job(job_id)


def no_job(job_id: str) -> NotFoundError:
    """Return the error for a job that is not there."""
    return NotFoundError(f'there is no job "{job_id}"', hint="see: outrig ray job list")


def _is_settled(job: Job) -> bool:
    """Tell whether a job ended so long ago that Ray writes nothing more of it."""
    return job.ended_at is not None and time.time() - job.ended_at.timestamp() > _LONG_AGO_S


def _age(job: Job) -> float:
    return job.submitted_at.timestamp() if job.submitted_at else 0.0


def end_of(job: Job) -> int:
    """Return what a job's end means for our exit code; raises `RemoteError` if it never began."""
    if job.status is JobStatus.SUCCEEDED:
        return 0
    if job.exit_code is not None:
        return job.exit_code
    reason = job.message.strip().splitlines()
    said = reason[0] if reason else "no reason is known"
    raise RemoteError(f'job "{job.id}" {job.status.value}: {said}')
