"""The command of a batch session: started once, and its end is the session's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.api import NewRun
from outrig_backendai.compute.request import BATCH
from outrig_backendai.place.entering import inside
from outrig_backendai.place.limits import limits_of

if TYPE_CHECKING:
    from outrig.api import Run
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

COMMAND = "startup"


def start_command(compute: Compute, session: ComputeSession) -> ComputeSession:
    """Start a batch session's command unless it was started, and record its run."""
    if session.type != BATCH or session.startup_command is None or session.main_run_id:
        return session
    run = _started(compute, session)
    return compute.directory.sessions.change(
        session.id, lambda one: replace(one, main_run_id=run.id)
    )


def _started(compute: Compute, session: ComputeSession) -> Run:
    """Return the run of the command: one whose start was not recorded, as we died, or a new one."""
    outrig = compute.outrig
    there = compute.outrig_session(session)
    for run in outrig.runs(there):
        if run.command == COMMAND and run.created_at >= session.status_changed:
            return run
    script = inside(compute.place(session), session.startup_command or "")
    command = NewRun(script=script, command=COMMAND, **limits_of(session))
    return outrig.execute(there, [command])[0]
