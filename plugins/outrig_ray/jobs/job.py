"""A job as a Ray cluster knows it, and what is asked for a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from outrig.errors import RemoteError

_NEVER_RAN = "cancelled before it started running"


class JobStatus(Enum):
    """Where a job stands, in Ray's words."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"

    @property
    def ended(self) -> bool:
        """Whether the job can change no more."""
        return self not in (JobStatus.PENDING, JobStatus.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What to run, and what Ray is to set aside for it.

    `memory_bytes` is in bytes, `resources` are the cluster's own by name. A job without an id gets
    one from Ray.
    """

    entrypoint: str
    id: str | None = None
    runtime_env: Mapping[str, object] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    cpus: float | None = None
    gpus: float | None = None
    memory_bytes: int | None = None
    resources: Mapping[str, float] = field(default_factory=dict)
    label_selector: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, object]:
        """Return the request as Ray wants it; what is not asked for is left out."""
        fields: dict[str, object] = {
            "submission_id": self.id,
            "runtime_env": dict(self.runtime_env),
            "metadata": dict(self.metadata),
            "entrypoint_num_cpus": self.cpus,
            "entrypoint_num_gpus": self.gpus,
            "entrypoint_memory": self.memory_bytes,
            "entrypoint_resources": dict(self.resources),
            "entrypoint_label_selector": dict(self.label_selector),
        }
        wanted = {name: value for name, value in fields.items() if value not in (None, {})}
        return {"entrypoint": self.entrypoint, **wanted}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it now stands. `exit_code` is the command's own, 128+n after signal n."""

    id: str
    status: JobStatus
    entrypoint: str
    message: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    submitted_at: datetime | None = None
    ended_at: datetime | None = None
    node_id: str | None = None
    exit_code: int | None = None

    @property
    def log_name(self) -> str:
        """What Ray calls the file with what the job printed."""
        return f"job-driver-{self.id}.log"


def job_of(answer: Any) -> Job:
    """Read a job from what a dashboard says; raises `RemoteError`."""
    try:
        code, status = answer.get("driver_exit_code"), JobStatus(answer["status"])
        message = str(answer.get("message") or "")
        if _NEVER_RAN in message:  # it was taken out of the queue: it did not fail
            status, message = JobStatus.STOPPED, "it was stopped before Ray had placed it"
        return Job(
            id=str(answer.get("submission_id") or answer.get("job_id")),
            status=status,
            entrypoint=str(answer.get("entrypoint") or ""),
            message=message,
            metadata=dict(answer.get("metadata") or {}),
            submitted_at=_time(answer.get("start_time")),
            ended_at=_time(answer.get("end_time")),
            node_id=answer.get("driver_node_id"),
            exit_code=None if code is None else _exit_code(int(code)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise RemoteError(f"the Ray dashboard says of a job what nobody can read: {err}") from err


def _exit_code(code: int) -> int:
    return 128 - code if code < 0 else code


def _time(milliseconds: object) -> datetime | None:
    if not isinstance(milliseconds, int | float) or milliseconds <= 0:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
