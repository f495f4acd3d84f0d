"""Runs as jobs: what Ray is asked for, and what its answers mean for a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from outrig.api import RunState, RunStatus, Usage
from outrig.errors import UsageError
from outrig_ray.engine.held import spec_text
from outrig_ray.engine.node.place import FAILED_BEFORE
from outrig_ray.engine.package import PROGRAM
from outrig_ray.jobs.address import amounts, json_object
from outrig_ray.jobs.job import JobStatus, NewJob

if TYPE_CHECKING:
    from outrig.api import Resources, Task
    from outrig_ray.engine.held import Held
    from outrig_ray.engine.settings import RaySettings
    from outrig_ray.jobs.job import Job

SESSION = "outrig_session"
STOP_WAIT_S = "20"
"""How long Ray waits before it kills a job it stops: longer than the program on the node."""
GRACE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a job is asked to do on a node."""

    session_id: str
    job_id: str
    package: str
    spec: Mapping[str, object]
    words: str = ""
    environment: Mapping[str, object] | None = None

    def job(self, **wanted: Any) -> NewJob:
        """Return it as what Ray is asked for; `wanted` are fields of `NewJob`."""
        spec = spec_text({"session": self.session_id, **self.spec})
        shown = " ".join(self.words.split())[:200]
        return NewJob(
            id=self.job_id,
            entrypoint=f"python3 {PROGRAM} {spec}" + (f" # {shown}" if shown else ""),
            runtime_env={
                "working_dir": f"gcs://{self.package}",
                "env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": STOP_WAIT_S},
                **(self.environment or {}),
            },
            metadata={SESSION: self.session_id},
            **wanted,
        )


def job_of_task(
    session_id: str, task: Task, held: Held, settings: RaySettings, environment: str | None
) -> NewJob:
    """Return the job that is a run; raises `UsageError`."""
    made = held.environments.get(environment or "", {})
    steps = "".join(f"{one}\n" for one in made.get("shell", ()))
    asked = Asked(
        session_id=session_id,
        job_id=task.id,
        package=held.package,
        words=task.script,
        environment=made.get("runtime_env"),
        spec={
            "do": "run",
            "run": task.id,
            "generation": held.generation,
            "clean": held.clean,
            "script": task.script,
            "set_up": steps,
            "environment": environment,
            "variables": dict(task.variables),
            "directory": task.directory,
            "apart": None if task.apart is None else list(task.apart),
            "timeout_s": task.timeout_s,
            "grace_s": GRACE_S,
            "background": task.background,
        },
    )
    return asked.job(**_slots(task.resources, settings))


def _slots(resources: Resources, settings: RaySettings) -> dict[str, Any]:
    own = amounts("ray-resources", json_object("ray-resources", settings.resources))
    if resources.gpu_type:
        own[f"accelerator_type:{resources.gpu_type}"] = 0.001
    cpus = settings.cpus if resources.cpu is None else resources.cpu
    if cpus < 0:
        raise UsageError(f"providers.ray.cpus: {cpus:g} is less than none")
    return {
        "cpus": cpus,
        "gpus": resources.gpu,
        "memory_bytes": resources.memory_mib and resources.memory_mib << 20,
        "resources": own,
    }


def state_of(job: Job, end: Mapping[str, Any] | None, *, begun: float | None = None) -> RunState:
    """Return how a run stands: from its job, and from what was written down at its end."""
    if not job.status.ended:
        status = RunStatus.QUEUED if job.status is JobStatus.PENDING else RunStatus.RUNNING
        started = _time(begun) if begun is not None else job.submitted_at
        return RunState(
            id=job.id,
            status=status,
            started_at=started if status is RunStatus.RUNNING else None,
        )
    if end is not None:
        return RunState(
            id=job.id,
            status=RunStatus(end["status"]),
            exit_code=end["exit_code"],
            reason=end["reason"],
            started_at=_time(end["begun"]),
            ended_at=_time(end["ended"]),
            usage=Usage(cpu_s=end["cpu_s"], peak_memory_mib=end["peak_mib"]),
        )
    return _without_end(job)


def _without_end(job: Job) -> RunState:
    """Return how a run stands whose command wrote nothing down: it never began or was lost."""
    said = (job.message.strip().splitlines() or ["Ray does not say why"])[0]
    if job.status is JobStatus.STOPPED:
        status, code, said = RunStatus.CANCELLED, None, "stopped before it began"
    elif job.node_id is not None and job.exit_code is None:
        status, code = RunStatus.LOST, None
    else:
        status, code = RunStatus.FAILED, FAILED_BEFORE
    return RunState(id=job.id, status=status, exit_code=code, reason=said, ended_at=job.ended_at)


def read_end(data: bytes | None) -> dict[str, Any] | None:
    """Read what the program on the node wrote down."""
    if data is None:
        return None
    try:
        found = json.loads(data)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
