"""The jobs of a cluster, reached through a port of this computer that leads to its dashboard."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING

from outrig.errors import Interrupted, RemoteError, UnreachableError
from outrig_ray.api import (
    Address,
    Jobs,
    NewJob,
    dashboard_of,
    in_place,
    place_directory,
    upload_directory,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from outrig.api import Outrig
    from outrig_ray.api import Cluster

AGAIN = "outrig daft job logs -f"
"""What comes back to a job, without its id."""
READY_S = 60.0
"""How long after its start a dashboard may need until it takes jobs."""
_PAUSE_S = 0.5


def jobs_on(outrig: Outrig, cluster: Cluster) -> Jobs:
    """Return the jobs of a cluster, for as long as this process lives."""
    return Jobs(Address(url=dashboard_of(outrig, cluster)))


def submit(
    outrig: Outrig,
    cluster: Cluster,
    jobs: Jobs,
    directory: Path,
    words: Sequence[str],
    variables: Mapping[str, str] | None = None,
) -> str:
    """Send a directory of any size and start a job in it; returns the job's id.

    One word is shell text. A dashboard that has just been started is given time to answer.
    """
    _wait_until_ready(outrig, jobs)
    packed = upload_directory(
        outrig,
        jobs,
        directory,
        otherwise=lambda source: place_directory(outrig, cluster, source, ()),
    )
    environment: dict[str, object] = {"working_dir": packed.uri}
    if variables:
        environment["env_vars"] = dict(variables)
    entrypoint = words[0] if len(words) == 1 else shlex.join(words)
    new = in_place(NewJob(entrypoint=entrypoint, runtime_env=environment))
    deadline = time.monotonic() + READY_S
    while True:
        try:
            return jobs.submit(new)
        except UnreachableError:
            raise  # it may have arrived
        except RemoteError as err:
            if "No available agent" not in str(err) or time.monotonic() > deadline:
                raise
            _pause(outrig)


def _wait_until_ready(outrig: Outrig, jobs: Jobs) -> None:
    deadline = time.monotonic() + READY_S
    while True:
        try:
            jobs.ray_version()
        except RemoteError:
            if time.monotonic() > deadline:
                raise
            _pause(outrig)
        else:
            return


def _pause(outrig: Outrig) -> None:
    if outrig.cancel.wait(_PAUSE_S):
        raise Interrupted
