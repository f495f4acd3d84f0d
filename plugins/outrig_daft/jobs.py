"""The jobs of a cluster, reached through a port of this computer that leads to its dashboard."""

from __future__ import annotations

import shlex
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from outrig.errors import Interrupted, RemoteError, UnreachableError
from outrig_ray.api import DASHBOARD_PORT, Address, Jobs, NewJob, upload_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from outrig.api import Outrig
    from outrig_ray.api import Cluster

AGAIN = "outrig daft job logs -f"
"""What comes back to a job, without its id."""
READY_S = 60.0
"""How long after its start a dashboard may need until it takes jobs."""
_PAUSE_S = 0.5


@contextmanager
def jobs_on(outrig: Outrig, cluster: Cluster) -> Iterator[Jobs]:
    """Give the jobs of a cluster, for as long as this lasts."""
    forward = outrig.forward(cluster.session, (0, DASHBOARD_PORT))
    threading.Thread(target=_serve, args=(forward.serve,), daemon=True).start()
    yield Jobs(Address(url=f"http://127.0.0.1:{forward.port}"))


def _serve(serve: Callable[[], None]) -> None:
    with suppress(Interrupted):
        serve()


def submit(
    outrig: Outrig,
    jobs: Jobs,
    directory: Path,
    words: Sequence[str],
    variables: Mapping[str, str] | None = None,
) -> str:
    """Send a directory and start a job in it; returns the job's id.

    One word is shell text. A dashboard that has just been started is given time to answer.
    """
    _wait_until_ready(outrig, jobs)
    environment: dict[str, object] = {
        "working_dir": upload_directory(outrig, jobs, directory).uri,
    }
    if variables:
        environment["env_vars"] = dict(variables)
    entrypoint = words[0] if len(words) == 1 else shlex.join(words)
    new = NewJob(entrypoint=entrypoint, runtime_env=environment)
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
