"""Restarting a session: all its programs end, its files stay, and it begins anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.api import NewRun
from outrig.errors import ConflictError, OutrigError
from outrig_backendai.compute.batch import start_command
from outrig_backendai.compute.equipping import equip
from outrig_backendai.compute.holds import Holds
from outrig_backendai.compute.launching import end_kernels, move
from outrig_backendai.compute.record import Result, SessionStatus

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession, Kernel
    from outrig_backendai.compute.sessions import Compute

_GRACE_S = 2.0
_END_ALL = """exec "${OUTRIG_PYTHON:-python3}" -IS -c '
import os, signal, time
session = ("OUTRIG_SESSION=" + os.environ["OUTRIG_SESSION"]).encode()
own = ("OUTRIG_RUN=" + os.environ["OUTRIG_RUN"]).encode()
def ours(pid):
    try:
        with open("/proc/%s/environ" % pid, "rb") as source:
            said = source.read().split(bytes(1))
    except OSError:
        return False
    return session in said and own not in said
for _ in range(200):
    found = [one for one in os.listdir("/proc") if one.isdigit() and ours(one)]
    for one in found:
        try:
            os.kill(int(one), signal.SIGKILL)
        except OSError:
            pass
    if not found:
        break
    time.sleep(0.02)
'"""


def restart(compute: Compute, session: ComputeSession) -> ComputeSession:
    """End all that runs in a session and bring it up again, on its nodes, with its files.

    The command of a batch session runs anew. Raises `ConflictError` for one that does not run, and
    what goes wrong: it is then in ERROR.
    """
    with Holds(compute) as holds:
        holds.obtain(session.id)
        session = compute.directory.sessions.now(session)
        if not session.status.running:
            raise ConflictError(f'session "{session.name}" is {session.status.value}, not RUNNING')
        session = move(compute, session, SessionStatus.RESTARTING, main_run_id=None)
        return bring_up_again(compute, session)


def bring_up_again(compute: Compute, session: ComputeSession) -> ComputeSession:
    """Go on with a restart, from its beginning; its lock is ours."""
    try:
        for kernel in session.kernels:
            _end_programs(compute, kernel)
            equip(compute, session, kernel)
    except OutrigError as err:
        end_kernels(compute, session)
        move(compute, session, SessionStatus.ERROR, status_info=f"it was not restarted: {err}")
        raise
    session = compute.directory.sessions.change(
        session.id, lambda one: replace(one, result=Result.UNDEFINED, exit_code=None)
    )
    return start_command(compute, move(compute, session, SessionStatus.RUNNING))


def _end_programs(compute: Compute, kernel: Kernel) -> None:
    outrig = compute.outrig
    there = outrig.state.sessions.get(kernel.outrig_session_id or "")
    if there is None:
        raise ConflictError(f"the Outrig session of {kernel.host} is gone")
    running = [run for run in outrig.runs(there) if not run.state.status.ended]
    if running:
        outrig.cancel_runs(there, running, _GRACE_S)
    outrig.wait(there, outrig.execute(there, [NewRun(script=_END_ALL, command="restart")]))
