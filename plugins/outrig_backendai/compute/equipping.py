"""What is put into a kernel before programs run there: its inside, folders, files, own scripts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.api import NewRun, Stream
from outrig.errors import RemoteError
from outrig_backendai.folders.furnishing import furnish
from outrig_backendai.place.entering import NEEDS_PROGRAM, bring_program, inside, set_up
from outrig_backendai.place.limits import limits_of
from outrig_backendai.services.keys import session_keys
from outrig_backendai.services.putting import put_user_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import Run, Session
    from outrig_backendai.compute.record import ComputeSession, Kernel
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.directory.images import Image
    from outrig_backendai.place.record import Place

_MOST_TEXT = 64 * 1024
_LINES = 3


def equip(compute: Compute, session: ComputeSession, kernel: Kernel) -> None:
    """Make a kernel's inside, whose Outrig session is up; raises `RemoteError` with the reason."""
    there = _outrig_session(compute, kernel)
    place = _with_runtime(compute, session, kernel, there)
    begins = furnish(compute, session, there)
    if begins:
        files = NewRun(script=begins, command="files", **limits_of(session))
        _run(compute, there, files, f"{kernel.host} could not get its files")
    with ThreadPoolExecutor(1) as aside:  # the keys are made while the node works
        keys = aside.submit(session_keys, compute.outrig.state.directory, session.id)
        _set_up(compute, session, there, place, f"{kernel.host} could not be set up")
    if kernel == session.main:
        put_user_key(compute.outrig, there, place, keys.result())
    if session.bootstrap_script:
        script = NewRun(
            script=inside(place, session.bootstrap_script),
            command="bootstrap",
            **limits_of(session),
        )
        _run(compute, there, script, f"the bootstrap script failed on {kernel.host}")


def _set_up(
    compute: Compute, session: ComputeSession, there: Session, place: Place, failed: str
) -> None:
    """Make the inside; a node that lacks the program which does it is brought that first."""
    limits = limits_of(session)
    making = NewRun(script=set_up(place), command="set-up", background=True, **limits)
    run = _run(compute, there, making, failed, also=NEEDS_PROGRAM)
    if run.state.exit_code == NEEDS_PROGRAM:
        _run(compute, there, NewRun(script=bring_program(), command="bring-program"), failed)
        _run(compute, there, making, failed)


def _with_runtime(
    compute: Compute, session: ComputeSession, kernel: Kernel, there: Session
) -> Place:
    """Return a kernel's inside with what its image means on its agent; raises `NotFoundError`."""
    from outrig_backendai.place.notes import STRICT
    from outrig_backendai.place.runtimes import runtime_of

    place = compute.place(session, kernel.host)
    images = _images(compute, kernel, there)
    found = runtime_of(
        compute.directory, session.image, images, strict=bool(session.extra.get(STRICT))
    )
    return replace(place, interpreter=found.interpreter, engine=found.engine, image=found.image)


def _images(compute: Compute, kernel: Kernel, there: Session) -> Sequence[Image]:
    """Return what a kernel's agent has; where that is not known, its node is asked."""
    from outrig_backendai.place.runtimes import known_images, scan_script, scanned

    agent = compute.directory.agents.get(kernel.agent or "")
    if agent is None:
        raise RemoteError(f"the agent {kernel.agent} is gone")
    known = known_images(compute.directory, agent)
    if known is not None:
        return known
    asking = NewRun(script=scan_script(), command="images")
    run = _run(compute, there, asking, f"{agent.id} could not be asked for its images")
    return scanned(compute.directory, agent, last_lines(compute, there, run, Stream.OUT))


def _outrig_session(compute: Compute, kernel: Kernel) -> Session:
    found = compute.outrig.state.sessions.get(kernel.outrig_session_id or "")
    if found is None:
        raise RemoteError(f"the Outrig session of {kernel.host} is gone")
    return found


def _run(
    compute: Compute, there: Session, wanted: NewRun, failed: str, *, also: int | None = None
) -> Run:
    """Run something to its end; raises `RemoteError` with the last it said if it fails.

    The exit code `also` is no failure either.
    """
    outrig = compute.outrig
    run = outrig.wait(there, outrig.execute(there, [wanted]))[0]
    if run.state.exit_code not in (0, also):
        said = last_lines(compute, there, run)
        raise RemoteError(f"{failed}: {said or run.state.reason or f'exit {run.state.exit_code}'}")
    return run


def last_lines(compute: Compute, there: Session, run: Run, stream: Stream = Stream.ERR) -> str:
    """Return the last lines of what a run printed, joined to one."""
    if run.ref is None:
        return ""
    control = compute.outrig.runtime.executor(there)
    data, offset = b"", 0
    while part := control.read_log(run.ref, stream, offset, _MOST_TEXT).data:
        data, offset = (data + part)[-_MOST_TEXT:], offset + len(part)
    lines = data.decode(errors="replace").strip().splitlines()
    return "; ".join(one.strip() for one in lines[-_LINES:])
