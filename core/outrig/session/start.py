"""Starting a session: provision, sync, prepare. Each step is skipped when its work is done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.errors import ConflictError, PluginError
from outrig.ids import new_id
from outrig.interfaces import OwnsResources, WithAutostop, WithEnvironment
from outrig.model.interruption import Interruption
from outrig.model.node import FOR_EVER, ProvisionRequest
from outrig.model.run import PrepareRequest
from outrig.model.session import SessionState, SyncRequest
from outrig.session.environments import environment_digest
from outrig.session.failover import first_with_capacity, ways
from outrig.session.find import require_running
from outrig.session.interruption import in_old_places, run_cut_again
from outrig.session.plan import (
    free_name,
    make_plan,
    new_session,
    prepare_step,
    provision_step,
    sync_step,
)
from outrig.session.resizing import begin, undo
from outrig.session.stop import give_up
from outrig.session.upkeep import notice_end
from outrig.state.owner import NAME_TAG, OWNER_TAG, SESSION_TAG

if TYPE_CHECKING:
    from outrig.model.node import Node
    from outrig.model.session import Plan, Session, Step
    from outrig.model.snapshot import SnapshotReader
    from outrig.session.beneath import Beneath
    from outrig.session.requests import StartRequest
    from outrig.session.runtime import Runtime

_FRESH = (SessionState.PENDING, SessionState.PREPARING, SessionState.PULLING)
_KEPT = (SessionState.SUSPENDED, SessionState.ERROR)
_OFF = (*_KEPT, SessionState.RESTARTING)


def start(runtime: Runtime, request: StartRequest, beneath: Beneath | None = None) -> Session:
    """Make the session of `request` RUNNING and up to date; returns it.

    `beneath` brings up what its project wants to run beneath everything else there.

    When a step of a new session fails, or the user asks to stop, what was made is released again.
    Where its provider has no capacity the next one of the request is tried, with a session anew.
    """
    possible = ways(runtime, request)
    return first_with_capacity(runtime, possible, lambda one: _start(runtime, one, beneath))


def _start(runtime: Runtime, request: StartRequest, beneath: Beneath | None) -> Session:
    plan = make_plan(runtime, request)
    session = _claim(runtime, request, plan)
    with runtime.hold(session) as current:
        if current.state.ended:
            raise ConflictError(f'session "{session.name}" was stopped while it was starting')
        if isinstance(runtime.provider(current), OwnsResources):
            current = notice_end(runtime, current)
        current = begin(runtime, request, plan, current)
        return _bring_up(runtime, request, plan, current, beneath)


def sync(
    runtime: Runtime, session: Session, snapshot: SnapshotReader, *, clean: bool = False
) -> Session:
    """Make a running session's work directory equal to a snapshot; returns its record."""
    runtime.hooks.load_extensions()
    with runtime.hold(session) as held:
        require_running(held)
        return _sync(runtime, held, snapshot, number=1, count=1, clean=clean)


def _claim(runtime: Runtime, request: StartRequest, plan: Plan) -> Session:
    """Return the live session of that name, or a new one; two processes get the same one."""
    while True:
        found = runtime.state.sessions.live(request.project_id, plan.session_name)
        if found is not None and request.name is not None:
            return _same_provider(found, plan)
        if found is not None:  # another process took the name since the plan was made
            name = free_name(runtime, request.project_id, request.project.name)
            plan = replace(plan, session_name=name)
        session = new_session(runtime, request, plan)
        try:
            runtime.state.sessions.add(session)
        except ConflictError:
            continue
        runtime.record(session, "session.created", session.name)
        return session


def _same_provider(session: Session, plan: Plan) -> Session:
    if session.provider != plan.provider:
        raise ConflictError(
            f'session "{session.name}" is on provider {session.provider}, not {plan.provider}',
            hint=f"stop it first: outrig session stop {session.name}",
        )
    return session


def _bring_up(
    runtime: Runtime,
    request: StartRequest,
    plan: Plan,
    session: Session,
    beneath: Beneath | None,
) -> Session:
    found, before = session, session.state
    count = request.step_count
    try:
        session = _provision(runtime, request, plan, session, count)
        session = _sync(runtime, session, request.snapshot, number=2, count=count)
        session = _prepare(runtime, request, session, count)
        session = _arm(runtime, request, session)
        policy = request.compute.on_interruption or session.on_interruption
        rerun = policy is Interruption.RERUN
        if rerun and beneath is None and before is not SessionState.RUNNING:
            run_cut_again(runtime, session)
        session = runtime.move(
            session,
            SessionState.RUNNING,
            used_at=runtime.clock(),
            error=None,
            resources=plan.resources,
            on_interruption=policy,
            grows=request.grows,
        )
        if beneath is None:
            return session
        session = beneath(session, request)
        if rerun:  # now, as what was cut may need what is beneath it; nothing is started twice
            run_cut_again(runtime, session)
        return session
    except BaseException as err:
        reason = str(err) or type(err).__name__
        if before is SessionState.RESIZING:
            undo(runtime, found, session)
        elif before in _FRESH:
            give_up(runtime, session, reason)
        elif before in _OFF:
            runtime.move(session, SessionState.ERROR, error=reason)
        raise


def _arm(runtime: Runtime, request: StartRequest, session: Session) -> Session:
    """Let the nodes keep to the session's lifetime, also while we are gone."""
    lifetime = request.lifetime or session.lifetime
    if lifetime == session.lifetime == FOR_EVER:
        return session
    provider = runtime.provider(session)
    if not isinstance(provider, WithAutostop):
        raise PluginError(f'provider "{session.provider}" has no --idle and no --max-age')
    provider.arm(session.id, session.nodes, lifetime)
    return runtime.move(session, session.state, lifetime=lifetime)


def _begin(runtime: Runtime, session: Session, step: Step, number: int, count: int) -> bool:
    """Announce a step; returns whether there is anything to do."""
    runtime.cancel.check()
    runtime.observer.step(session, step, number, count)
    if step.skip:
        runtime.record(session, f"{step.name}.skipped", step.skip)
    return step.skip is None


def _provision(
    runtime: Runtime, request: StartRequest, plan: Plan, session: Session, count: int
) -> Session:
    if not _begin(runtime, session, provision_step(request, session, plan.count), 1, count):
        return session
    before = session
    if session.state in _KEPT:
        session = runtime.move(session, SessionState.RESTARTING)
    if session.state is not SessionState.RESIZING:
        session = runtime.move(session, SessionState.PREPARING)
    with runtime.step(session, "provision"):
        nodes = _supply(runtime, plan, session)
    if before.state is SessionState.RESTARTING:
        nodes = in_old_places(before.nodes, nodes)
    return runtime.move(session, session.state, nodes=nodes)


def _supply(runtime: Runtime, plan: Plan, session: Session) -> tuple[Node, ...]:
    context = runtime.context(session, "provision")
    token = f"{session.id}-{new_id()}"
    tags = {**plan.tags, **_owner_tags(runtime, session)}
    intent = context.journal.intend("nodes", scope=session.provider, token=token, tags=tags)
    nodes = runtime.hooks.provision(
        session.provider,
        ProvisionRequest(
            session_id=session.id,
            session_name=session.name,
            token=token,
            count=plan.count,
            resources=plan.resources,
            candidates=plan.candidates,
            resume=session.nodes,
            tags=tags,
            lifetime=session.lifetime,
        ),
        context,
    )
    intent.created(*(node.id for node in nodes))
    return nodes


def _owner_tags(runtime: Runtime, session: Session) -> dict[str, str]:
    """Return what everything made for a session carries, and what `gc` looks for."""
    if not isinstance(runtime.provider(session), OwnsResources):
        return {}
    return {OWNER_TAG: runtime.state.owner, SESSION_TAG: session.id, NAME_TAG: session.name}


def _sync(
    runtime: Runtime,
    session: Session,
    snapshot: SnapshotReader,
    *,
    number: int,
    count: int,
    clean: bool = False,
) -> Session:
    info = snapshot.info
    if _begin(runtime, session, sync_step(info, session, clean=clean), number, count):
        request = SyncRequest(
            session_id=session.id, nodes=session.nodes, snapshot=snapshot, clean=clean
        )
        with runtime.step(session, "sync"):
            runtime.hooks.sync(session.provider, request, runtime.context(session, "sync"))
    now = runtime.clock()
    runtime.state.sessions.apply(session.id, info, now)
    return runtime.move(
        session, session.state, snapshot_id=info.id, snapshot_digest=info.digest, used_at=now
    )


def _prepare(runtime: Runtime, request: StartRequest, session: Session, count: int) -> Session:
    source = request.environment
    step = prepare_step(source, session)
    if not _begin(runtime, session, step, 3, count) or source is None:
        digest = session.environment_digest if source is not None else None
        return runtime.move(session, session.state, environment_digest=digest)
    provider = runtime.provider(session)
    if not isinstance(provider, WithEnvironment):
        raise PluginError(
            f'provider "{session.provider}" prepares no environments',
            hint='remove "environment" from the project file, or take another provider',
        )
    digest = environment_digest(source)
    wanted = PrepareRequest(
        session_id=session.id, nodes=session.nodes, source=source, digest=digest
    )
    with runtime.step(session, "prepare"):
        provider.prepare(wanted, runtime.context(session, "prepare"))
    return runtime.move(session, session.state, environment_digest=digest)
