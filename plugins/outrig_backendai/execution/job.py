"""What is to be run in one session: files are sent, and steps become one run of its node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import NewRun
from outrig_backendai.execution.feeding import take_input
from outrig_backendai.execution.languages import language_of
from outrig_backendai.execution.sources import Source
from outrig_backendai.execution.steps import Steps, needs_file
from outrig_backendai.place.entering import host_path, inside
from outrig_backendai.place.limits import limits_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import Run
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.execution.feeding import Feed
    from outrig_backendai.execution.languages import Language

COMMAND = "run"
"""What runs are recorded as, so that they are told from those of services and of set-up."""
HOME = "/home/work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A piece of code, or files and the commands about them; `environ` is for this run alone."""

    code: str | None = None
    files: tuple[Source, ...] = ()
    clean: str | None = None
    build: str | None = None
    exec: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)


def script_of(compute: Compute, session: ComputeSession, job: Job) -> str:
    """Send a job's files to a running session, and return the shell text that does the rest."""
    language = language_of(session.image)
    if job.code is None:
        send(compute, session, job.files)
        steps = Steps(
            paths=tuple(one.inside for one in job.files),
            clean=job.clean,
            build=job.build,
            exec=job.exec,
            environ=job.environ,
        )
    elif needs_file(job.code, language):
        file = _send_code(compute, session, job.code, language)
        steps = Steps(paths=(file.inside,), environ=job.environ)
    else:
        steps = Steps(code=job.code, environ=job.environ)
    return inside(compute.place(session), steps.script(language))


def _send_code(compute: Compute, session: ComputeSession, code: str, language: Language) -> Source:
    """Put code into a file of the session; returns which."""
    import tempfile  # it takes longer to import than most that is here

    with tempfile.TemporaryDirectory(prefix="outrig-") as aside:
        written = Path(aside) / f"main{language.suffix}"
        written.write_text(code)
        file = Source(here=str(written), inside=f".run/{written.name}")
        send(compute, session, (file,))
    return file


def send(compute: Compute, session: ComputeSession, files: Sequence[Source]) -> None:
    """Copy files to where they belong in a running session."""
    place, outrig_session = compute.place(session), compute.outrig_session(session)
    for one in files:
        target = host_path(place, f"{HOME}/{one.inside}")
        compute.outrig.put_files(outrig_session, Path(one.here), target)


def begin(
    compute: Compute,
    session: ComputeSession,
    script: str,
    feed: Feed | None = None,
    mark: Mapping[str, str] | None = None,
) -> Run:
    """Start a job's script; `mark` is recorded with the run."""
    if feed is not None:
        feed.ready()
        script = take_input(feed.path, script)
    new = NewRun(script=script, command=COMMAND, params=mark or {}, **limits_of(session))
    return compute.outrig.execute(compute.outrig_session(session), [new])[0]
