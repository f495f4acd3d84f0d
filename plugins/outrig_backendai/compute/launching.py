"""Launching a session that has its agents: an Outrig session for each of its kernels."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from outrig.api import Compute as Nodes
from outrig.api import Lifetime, Project, ProjectForm, Resources, StartRequest
from outrig.errors import Interrupted, OutrigError
from outrig_backendai.compute.addresses import with_addresses
from outrig_backendai.compute.calling_back import call_back
from outrig_backendai.compute.equipping import equip
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.compute.sessions import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.api import Session
    from outrig_backendai.compute.record import ComputeSession, Kernel
    from outrig_backendai.compute.sessions import Compute

_AT_ONCE = 16
T = TypeVar("T")


def launch(compute: Compute, session: ComputeSession) -> ComputeSession:
    """Bring a SCHEDULED session up, whose lock this process holds; returns it RUNNING or in ERROR.

    Raises `Interrupted`: it is then back in the queue.
    """
    call_back(compute, session)
    session = move(compute, session, SessionStatus.PREPARING)
    try:
        session = _start_kernels(compute, session)
        session = move(compute, session, SessionStatus.RUNNING)
    except Interrupted:
        put_back(compute, session, "the client that launched it was interrupted")
        raise
    except OutrigError as err:
        return _failed(compute, session, str(err))
    from outrig_backendai.compute.batch import start_command

    return start_command(compute, session)


def move(
    compute: Compute, session: ComputeSession, to: SessionStatus, **fields: object
) -> ComputeSession:
    """Change a session's status, and that of its kernels, and other fields; returns the record."""
    now = compute.now()

    def change(one: ComputeSession) -> ComputeSession:
        moved: ComputeSession = replace(one, status=to, status_changed=now, **fields)  # type: ignore[arg-type]
        kernels = tuple(replace(kernel, status=to) for kernel in moved.kernels)
        return replace(moved, kernels=kernels)

    moved = compute.directory.sessions.change(session.id, change)
    if moved.status is not session.status:
        call_back(compute, moved)
    return moved


def kernel_name(session: ComputeSession, kernel: Kernel) -> str:
    """Return what a kernel's Outrig session is called: the same however often it is launched."""
    return f"{session.name}-{kernel.host}-{session.id[:8]}"


def _start_kernels(compute: Compute, session: ComputeSession) -> ComputeSession:
    """Start the Outrig sessions of all kernels, record them, and equip each."""
    started = _each(session, lambda kernel: _start(compute, session, kernel))
    kernels = tuple(
        replace(kernel, outrig_session_id=one.id)
        for kernel, one in zip(with_addresses(compute, session, started), started, strict=True)
    )
    session = move(compute, session, SessionStatus.PREPARING, kernels=kernels)
    _each(session, lambda kernel: equip(compute, session, kernel))
    return session


def _each(session: ComputeSession, action: Callable[[Kernel], T]) -> list[T]:
    """Do something for all kernels, several at a time; raises the first failure."""
    if len(session.kernels) == 1:
        return [action(session.main)]
    with ThreadPoolExecutor(min(_AT_ONCE, len(session.kernels))) as pool:
        tasks = [pool.submit(action, one) for one in session.kernels]
    return [task.result() for task in tasks]


def _start(compute: Compute, session: ComputeSession, kernel: Kernel) -> Session:
    outrig = compute.outrig
    agent = compute.directory.agents.get(kernel.agent or "")
    provider = "local" if agent is None else agent.provider
    settings = {} if agent is None else agent.settings
    idle_s = session.idle_timeout_s or None
    root = Path(outrig.state.directory)
    is_pool = agent is not None and agent.is_pool
    nodes = Nodes(
        provider=provider,
        count=1,
        resources=_machine(session) if is_pool else Resources(),
        settings=tuple(sorted(settings.items())),
    )
    project = Project(
        name=PROJECT, root=root, file=root / "outrig.yaml", form=ProjectForm.OUTRIG, compute=nodes
    )
    name = kernel_name(session, kernel)
    request = StartRequest(
        project=project,
        project_id=PROJECT,
        snapshot=outrig.snapshots.gather([], PROJECT, name),
        compute=nodes,
        lifetime=Lifetime(idle_s=idle_s, terminate=True),
        name=name,
    )
    return outrig.start(request)


def _machine(session: ComputeSession) -> Resources:
    """Return how large a machine has to be that is made for a kernel."""
    slots = session.slots
    gpu = float(math.ceil(slots.devices)) or None
    return Resources(cpu=slots.cpu, memory_mib=slots.mem >> 20, gpu=gpu)


def _failed(compute: Compute, session: ComputeSession, reason: str) -> ComputeSession:
    end_kernels(compute, session)
    return move(compute, session, SessionStatus.ERROR, status_info=reason)


def put_back(compute: Compute, session: ComputeSession, reason: str) -> ComputeSession:
    """Put a session whose launch was cut short back into the queue, with nothing of it left."""
    end_kernels(compute, session)
    kernels = tuple(
        replace(one, agent=None, outrig_session_id=None, devices=()) for one in session.kernels
    )
    return move(
        compute,
        session,
        SessionStatus.PENDING,
        status_info=reason,
        kernels=kernels,
        attempts=session.attempts + 1,
        scheduled_at=None,
        scaling_group=None if session.any_scaling_group else session.scaling_group,
    )


def end_kernels(compute: Compute, session: ComputeSession) -> None:
    """End the Outrig sessions of a session's kernels, whether they are recorded with it or not.

    Raises the error of the first that could not be ended, once all have been tried.
    """
    outrig = compute.outrig
    failed: OutrigError | None = None
    with outrig.cancel.passed_over():
        for kernel in session.kernels:
            there = outrig.state.sessions.get(kernel.outrig_session_id or "")
            there = there or outrig.state.sessions.live(PROJECT, kernel_name(session, kernel))
            try:
                if there is not None and not there.state.ended:
                    outrig.stop(there)
            except OutrigError as err:
                failed = failed or err
    if failed is not None:
        raise failed
