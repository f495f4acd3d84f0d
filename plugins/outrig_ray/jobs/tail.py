"""What a job prints, as it prints it, to its end; also over connections that break."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError, OutrigError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrig.api import Cancel
    from outrig_ray.jobs.client import Jobs
    from outrig_ray.jobs.job import Job

LOOK_S = 0.5
PATIENCE_S = 120.0
"""How long a dashboard that does not answer is asked again."""


class Tail:
    """Follows one job. `job` is how it last stood."""

    def __init__(self, jobs: Jobs, job_id: str, cancel: Cancel, say: Callable[[str], None]) -> None:
        self.job: Job = jobs.job(job_id)
        self._jobs = jobs
        self._cancel = cancel
        self._say = say
        self._pieces: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._over = threading.Event()
        self._seen = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield what the job prints until it has ended; raises `Interrupted`, `RemoteError`."""
        waits = False
        try:
            while not self.job.status.ended:
                if self.job.node_id is not None and not waits:
                    waits = True
                    threading.Thread(target=self._follow, args=(self.job,), daemon=True).start()
                yield from self._come(LOOK_S)
                self._look()
            self._over.set()
            yield from self._rest()
        finally:
            self._over.set()

    def _come(self, seconds: float) -> Iterator[bytes]:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._cancel.check()
            try:
                data = self._pieces.get(timeout=min(left, 0.1))
            except queue.Empty:
                continue
            self._seen += len(data)
            yield data

    def _look(self) -> None:
        """See how the job stands; one that was deleted, or a new cluster, raises."""
        deadline, told = time.monotonic() + PATIENCE_S, False
        while True:
            self._cancel.check()
            try:
                self.job = self._jobs.job(self.job.id)
            except NotFoundError:
                raise
            except RemoteError as err:
                if time.monotonic() > deadline:
                    raise
                if not told:
                    self._say(f"{err}; trying again")
                told = True
                self._cancel.wait(LOOK_S)
            else:
                if told:
                    self._say("the dashboard answers again")
                return

    def _follow(self, job: Job) -> None:
        """Hand on the log; after a break from where it was."""
        handed = 0
        while not self._over.is_set():
            skip = handed
            try:
                for data in self._jobs.follow_file(job.node_id or "", job.log_name):
                    fresh = data[skip:]
                    skip -= len(data) - len(fresh)
                    if fresh:
                        handed += len(fresh)
                        self._pieces.put(fresh)
                    if self._over.is_set():
                        return
            except OutrigError:
                pass  # whoever looks at the job's state tells of it
            self._over.wait(LOOK_S)

    def _rest(self) -> Iterator[bytes]:
        """Yield what was printed and has not come; the log is complete once the job has ended."""
        whole = self._jobs.log(self.job)
        if len(whole) > self._seen:
            yield whole[self._seen :]
