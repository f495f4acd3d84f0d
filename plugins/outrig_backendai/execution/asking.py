"""Short commands inside a session, for what they print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import NewRun, Stream, exit_code
from outrig.errors import RemoteError
from outrig_backendai.place.entering import inside
from outrig_backendai.place.limits import limits_of

if TYPE_CHECKING:
    from outrig.api import Run, Session
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

_PART_BYTES = 1 << 20
_MOST_BYTES = 64 << 20


def ask(compute: Compute, session: ComputeSession, script: str, what: str) -> bytes:
    """Run shell text inside a running session; returns its output.

    Raises `RemoteError` with the last line of what it said when it fails at `what`.
    """
    there = compute.outrig_session(session)
    new = NewRun(script=inside(compute.place(session), script), command="ask", **limits_of(session))
    (run,) = compute.outrig.wait(there, compute.outrig.execute(there, [new]))
    if exit_code(run) != 0:
        said = _read(compute, there, run, Stream.ERR).decode("utf-8", "replace").strip()
        reason = said.rpartition("\n")[2] or run.state.reason or f"exit code {exit_code(run)}"
        raise RemoteError(f'session "{session.name}": {what}: {reason}')
    return _read(compute, there, run, Stream.OUT)


def _read(compute: Compute, there: Session, run: Run, stream: Stream) -> bytes:
    control, data = compute.outrig.runtime.executor(there), b""
    while run.ref is not None and len(data) < _MOST_BYTES:
        part = control.read_log(run.ref, stream, len(data), _PART_BYTES)
        if not part.data:
            break
        data += part.data
    return data
