"""Ending jobs that Ray has not placed yet: it would only stop them once it has.

Ray's API has no way to do that, so a job that asks for nothing takes their supervisors away.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from uuid import uuid4

from outrig.errors import RemoteError
from outrig_ray.jobs.job import JobStatus, NewJob

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig_ray.jobs.client import Jobs

_LOOK_S = 0.2
_PROGRAM = """
import base64, json, sys, ray
ray.init(log_to_driver=False)
for job in json.loads(base64.b64decode(sys.argv[1])):
    try:
        name = "_ray_internal_job_actor_" + job
        ray.kill(ray.get_actor(name, namespace="SUPERVISOR_ACTOR_RAY_NAMESPACE"))
    except ValueError:
        pass
"""
_PYTHON = (
    r"p=$(tr '\0' '\n' < /proc/$(cut -d' ' -f4 /proc/$PPID/stat)/cmdline |"
    r" sed -n 's/^--python_worker_command=\([^ ]*\) .*/\1/p')"
)
"""The Python that Ray runs with, as its node daemon says: it need not be on PATH."""


def end_queued(jobs: Jobs, job_ids: Sequence[str], pause: Callable[[float], None]) -> None:
    """Take jobs that wait out of Ray's queue; raises `RemoteError` when Ray cannot."""
    wanted = base64.b64encode(json.dumps(list(job_ids)).encode()).decode()
    program = f"exec(__import__('base64').b64decode('{_encoded()}'))"
    ender = jobs.submit(
        NewJob(
            id=f"outrig-end-{uuid4().hex}",
            entrypoint=f'{_PYTHON}; exec "${{p:-python3}}" -c "{program}" {wanted}',
        )
    )
    while not (job := jobs.job(ender)).status.ended:
        pause(_LOOK_S)
    jobs.forget([ender], pause)
    if job.status is not JobStatus.SUCCEEDED:
        raise RemoteError(f"Ray could not take a job out of its queue: {job.message.strip()}")


def _encoded() -> str:
    return base64.b64encode(_PROGRAM.encode()).decode()
