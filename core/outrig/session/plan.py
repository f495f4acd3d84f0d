"""What starting a session will do, and which of its steps have nothing to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.errors import CapacityError
from outrig.ids import new_id
from outrig.interfaces import (
    WithEnvironment,
    WithExecution,
    WithOwnCount,
    WithOwnLifetime,
    WithPrices,
)
from outrig.model.interruption import Interruption
from outrig.model.node import FOR_EVER, Candidate
from outrig.model.resources import ANY
from outrig.model.session import Plan, Session, SessionState, Step
from outrig.session.beneath import check_runtime, runtime_of, runtime_step
from outrig.session.environments import environment_digest
from outrig.session.failover import ways
from outrig.session.name import name_for
from outrig.session.resizing import is_to_grow

if TYPE_CHECKING:
    from outrig.interfaces import Provider
    from outrig.model.node import Lifetime
    from outrig.model.project import Compute
    from outrig.model.run import EnvironmentSource
    from outrig.model.snapshot import SnapshotInfo
    from outrig.session.requests import StartRequest
    from outrig.session.runtime import Runtime


def make_plan(runtime: Runtime, request: StartRequest, *, priced: bool = False) -> Plan:
    """Return what `start` would do, after every policy has looked at it; with prices if wanted.

    Raises `PolicyError` when one refuses, `RemoteError` when the nodes that are there cannot make
    the environment.
    """
    runtime.hooks.load_extensions()
    name = request.name or free_name(runtime, request.project_id, request.project.name)
    session = runtime.state.sessions.live(request.project_id, name)
    compute = request.compute
    provider = runtime.hooks.provider(compute.provider, dict(compute.settings))
    count = node_count(runtime, compute)
    draft = Plan(
        session_name=name,
        project_name=request.project.name,
        provider=compute.provider,
        count=count,
        resources=compute.resources,
        candidates=_candidates(provider, compute),
        snapshot=request.snapshot.info,
        steps=_steps(request, session, count),
        settings=provider.settings.without_secrets(),
    )
    subject = session or new_session(runtime, request, draft)
    plan = runtime.hooks.review_plan(draft, runtime.context(subject, "plan"))
    _check_environment(runtime, request, subject)
    check_runtime(runtime, request)
    _check_resources(runtime, request, subject, plan)
    if priced and isinstance(provider, WithPrices):
        found = provider.prices(plan.candidates)
        plan = replace(plan, prices=tuple(one for one in found if one is not None))
    return plan


def make_plans(runtime: Runtime, request: StartRequest) -> list[Plan]:
    """Return the plan for each provider that may serve the request, in order, with prices.

    Raises `CapacityError` when it is known already that none can.
    """
    plans: list[Plan] = []
    refused: CapacityError | None = None
    possible = ways(runtime, request)
    for one in possible:
        try:
            plans.append(make_plan(runtime, one, priced=True))
        except CapacityError as err:
            if len(possible) == 1:
                raise
            refused = err
            runtime.observer.notice(f"not on {one.compute.provider}: {err}")
    if refused is not None and not plans:
        raise refused
    return plans


def _candidates(provider: Provider, compute: Compute) -> tuple[Candidate, ...]:
    """Return the ways to get nodes that a policy may choose among."""
    if isinstance(provider, WithPrices):
        return provider.candidates(compute.resources)
    return (Candidate(provider=compute.provider),)


def _check_environment(runtime: Runtime, request: StartRequest, session: Session) -> None:
    """Raise `RemoteError` when it is known already that the environment cannot be made."""
    provider = runtime.provider(session)
    if request.environment is not None and isinstance(provider, WithEnvironment):
        provider.check_environment(request.environment)


def _check_resources(runtime: Runtime, request: StartRequest, session: Session, plan: Plan) -> None:
    """Raise `CapacityError` when it is known already that what is asked for never fits."""
    asked = {plan.resources, *(one.resources for one in request.runs)} - {ANY}
    provider = runtime.provider(session)
    if asked and isinstance(provider, WithExecution):
        for one in asked:
            provider.check_resources(one)


def new_session(runtime: Runtime, request: StartRequest, plan: Plan) -> Session:
    """Return the record of a session that does not exist yet."""
    now = runtime.clock()
    return Session(
        id=new_id(),
        name=plan.session_name,
        project_id=request.project_id,
        project_name=request.project.name,
        project_root=request.project.root,
        provider=plan.provider,
        state=SessionState.PENDING,
        created_at=now,
        used_at=now,
        lifetime=request.lifetime or own_lifetime(runtime, request.compute),
        resources=plan.resources,
        cluster=request.cluster,
        settings=dict(request.compute.settings),
        outputs_apart=request.outputs_apart,
        on_interruption=request.compute.on_interruption or Interruption.STOP,
    )


def free_name(runtime: Runtime, project_id: str, base: str) -> str:
    """Return a project's name as a session's, or `NAME-2`, `NAME-3`, … when a live one has it."""
    taken = {one.name for one in runtime.state.sessions.select(project_id)}
    base = name_for(base)
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


def node_count(runtime: Runtime, compute: Compute) -> int:
    """Return how many nodes a session takes: as was asked, else what its provider says, else 1."""
    if compute.count is not None:
        return compute.count
    provider = runtime.hooks.provider(compute.provider, dict(compute.settings))
    return provider.own_count() if isinstance(provider, WithOwnCount) else 1


def own_lifetime(runtime: Runtime, compute: Compute) -> Lifetime:
    """Return when a session without limits of its own ends: never, or as its provider says."""
    provider = runtime.hooks.provider(compute.provider, dict(compute.settings))
    return provider.own_lifetime() if isinstance(provider, WithOwnLifetime) else FOR_EVER


def provision_step(request: StartRequest, session: Session | None, count: int) -> Step:
    """Return the step that supplies nodes."""
    running = session is not None and session.state is SessionState.RUNNING
    running = running and not is_to_grow(request, session, count)
    return Step(
        name="provision",
        detail=f"{count} node{'s' if count != 1 else ''} from provider {request.compute.provider}",
        skip="the session is running" if running else None,
    )


def sync_step(info: SnapshotInfo, session: Session | None, *, clean: bool = False) -> Step:
    """Return the step that puts a snapshot on the nodes."""
    running = session is not None and session.state is SessionState.RUNNING
    files = f"{info.file_count} file{'s' if info.file_count != 1 else ''}"
    same = running and session is not None and session.snapshot_digest == info.digest and not clean
    return Step(
        name="sync",
        detail=f"snapshot {info.name}, {files}",
        skip="the session has this snapshot" if same else None,
    )


def prepare_step(source: EnvironmentSource | None, session: Session | None) -> Step:
    """Return the step that makes the environment ready."""
    if source is None:
        return Step(name="prepare", detail="no environment", skip="nothing to set up")
    running = session is not None and session.state is SessionState.RUNNING
    digest = environment_digest(source)
    ready = running and session is not None and session.environment_digest == digest
    return Step(name="prepare", detail=_describe(source), skip="it is ready" if ready else None)


def _describe(source: EnvironmentSource) -> str:
    spec = source.spec
    parts = [one for one in (spec.requirements, spec.conda, spec.dockerfile, spec.image) if one]
    if spec.shell:
        parts.append(f"{len(spec.shell)} shell step{'s' if len(spec.shell) != 1 else ''}")
    return ", ".join(parts)


def _steps(request: StartRequest, session: Session | None, count: int) -> tuple[Step, ...]:
    steps = [
        provision_step(request, session, count),
        sync_step(request.snapshot.info, session),
        prepare_step(request.environment, session),
    ]
    if runtime := runtime_of(request):
        steps.append(runtime_step(runtime, count))
    steps += [Step(name="run", detail=one.script.strip()) for one in request.runs]
    return tuple(steps)
