"""Starting one session or several from the command line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrig.cli.costs import candidate_lines, note_cost
from outrig.cli.provider_options import given_settings, named_providers
from outrig.cli.running import (
    Outcome,
    TerminalObserver,
    each,
    finish,
    follow,
    interruptible,
    say_ends,
    say_pulled,
)
from outrig.durations import parse_limit_s
from outrig.errors import OutrigError, PolicyError, UsageError
from outrig.model.interruption import Interruption
from outrig.model.node import Lifetime
from outrig.model.resources import parse_resources
from outrig.model.session import Step
from outrig.plugins.kinds import FLAG_MARK
from outrig.session.failover import chosen_among
from outrig.session.name import check_name, name_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrig.cli.command import Command
    from outrig.cli.invoking import Case
    from outrig.engine import Outrig
    from outrig.model.project import Compute, Project
    from outrig.model.run import Run
    from outrig.model.session import Plan, Session
    from outrig.model.snapshot import SnapshotReader
    from outrig.session.requests import NewRun, StartRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions:
    """What the options of a start command ask for."""

    name: str | None = None
    snapshot: str | None = None
    dry_run: bool = False
    detach: bool = False
    provider: str | None = None
    count: int | None = None
    resources: str | None = None
    timeout_s: float | None = None
    lifetime: Lifetime | None = None
    on_interruption: Interruption | None = None
    pull: bool = True
    cluster_params: tuple[str, ...] = ()
    session_args: str | None = None

    @classmethod
    def of(cls, command: Command) -> StartOptions:
        """Read them from a bound command."""
        return cls(
            name=command.text("name"),
            snapshot=command.text("snapshot-name"),
            dry_run=command.flag("dry-run"),
            detach=command.flag("detach"),
            provider=command.text("provider"),
            count=command.value("count", int),
            resources=command.text("resources"),
            timeout_s=command.value("timeout", float),
            lifetime=_lifetime(command),
            on_interruption=_policy(command),
            pull=not command.flag("no-pull"),
            cluster_params=command.texts("cluster-param"),
            session_args=command.text("session-args"),
        )


def start_cases(
    command: Command, project: Project, cases: Sequence[Case], options: StartOptions
) -> int:
    """Start a session for each case, run it, bring outputs back; returns the exit code."""
    several = len(cases) > 1
    observer = TerminalObserver(command, prefix=several)
    command.outrig.watch(observer)
    from outrig.project.semantics import shadowed_option

    for text in project.notices:
        own = shadowed_option(text)
        if own is None or (command.definition.has_option(own) and command.was_given(own)):
            command.note(text)
    try:
        with interruptible(command.outrig):
            requests = _requests(command, project, cases, options)
            if options.dry_run:
                _print_plans(command, requests)
                return 0
            targets = [_target(command, request, options, several) for request in requests]
            outcomes = each([request.name or "" for request in requests], targets)
    finally:
        observer.finish()
    return finish(outcomes)


def _print_plans(command: Command, requests: Sequence[StartRequest]) -> None:
    try:
        for request in requests:
            first, *others = command.outrig.plans(request)
            _print_plan(command, first)
            for plan in others:
                command.line(f"without capacity there: on provider {plan.provider}")
                _print_candidates(command, plan)
    except PolicyError:
        command.runs_commands = False  # as nothing would run, the veto's own exit code shows
        raise


def run_and_pull(
    command: Command, session: Session, runs: Sequence[NewRun], *, pull: bool, apart: bool
) -> tuple[Run, ...]:
    """Run things in a session to their end and bring the outputs back, also after a failure."""
    started = command.outrig.execute(session, runs)
    ended = follow(command, session, started)
    say_ends(command, session, ended)
    if pull and any(run.cut for run in ended):
        command.warn(f"{session.name}: outputs went with the node that was taken back")
    elif pull:
        try:
            with command.outrig.cancel.passed_over():  # what ended the runs is not meant for this
                say_pulled(command, command.outrig.pull(session, apart=apart, anew=False))
        except OutrigError as err:
            if all(run.state.exit_code == 0 for run in ended):
                raise
            command.warn(f"{session.name}: outputs did not come back: {err}")
    return ended


def _requests(
    command: Command, project: Project, cases: Sequence[Case], options: StartOptions
) -> list[StartRequest]:
    names = [_name(project, case, options) for case in cases]
    snapshot = _snapshot(command.outrig, project, options)
    return [
        _request(command, project, snapshot, replace(options, name=name), case)
        for case, name in zip(cases, names, strict=True)
    ]


def start_request_of(
    command: Command, project: Project, case: Case, options: StartOptions
) -> StartRequest:
    """Return what starts the session of a case, with a new snapshot unless one is named."""
    snapshot = _snapshot(command.outrig, project, options)
    return _request(command, project, snapshot, options, case)


def _snapshot(outrig: Outrig, project: Project, options: StartOptions) -> SnapshotReader:
    """Return the named snapshot, else a new one; one that is only looked at is not kept."""
    project_id, snapshots = outrig.project_id(project), outrig.snapshots
    if options.snapshot is not None:
        return snapshots.reader(snapshots.resolve(project_id, options.snapshot))
    if options.dry_run:
        return snapshots.draft(project, project_id)
    return snapshots.reader(snapshots.create(project, project_id).info)


def _request(
    command: Command,
    project: Project,
    snapshot: SnapshotReader,
    options: StartOptions,
    case: Case,
) -> StartRequest:
    runs = () if case.run is None else (_with_options(case.run, options),)
    request = command.outrig.request(
        project,
        snapshot=snapshot,
        name=options.name,
        runs=runs,
        cluster_params=cluster_params(options),
        command=case.run.command if case.run else None,
    )
    compute = _compute(command, request.compute, options)
    return replace(
        request, compute=compute, lifetime=options.lifetime, outputs_apart=bool(case.suffix)
    )


def _policy(command: Command) -> Interruption | None:
    text = command.text("on-interruption")
    return None if text is None else Interruption(text)


def _lifetime(command: Command) -> Lifetime | None:
    """Return the limits that were given, `None` where none was."""
    if not command.was_given("idle") and not command.was_given("max-age"):
        return None
    idle, age = command.text("idle"), command.text("max-age")
    return Lifetime(
        idle_s=None if idle is None else parse_limit_s(idle),
        max_age_s=None if age is None else parse_limit_s(age),
        terminate=command.text("idle-action") == "terminate",
    )


def _name(project: Project, case: Case, options: StartOptions) -> str | None:
    if not case.suffix and options.name is None:
        return None
    base = name_for(project.name) if options.name is None else options.name
    return check_name(base + case.suffix)


def _with_options(run: NewRun, options: StartOptions) -> NewRun:
    if options.resources is not None:
        run = replace(run, resources=parse_resources(options.resources))
    return replace(run, timeout_s=options.timeout_s)


def _compute(command: Command, compute: Compute, options: StartOptions) -> Compute:
    if options.provider is not None:
        compute = chosen_among(compute, named_providers(options.provider))

    def own(one: Compute) -> Compute:
        if options.resources is not None:
            one = replace(one, resources=parse_resources(options.resources))
        given = given_settings(command, one.provider)
        if options.on_interruption is not None:
            one = replace(one, on_interruption=options.on_interruption)
        if options.count is not None or FLAG_MARK + "hosts" in dict(given):
            one = replace(one, count=options.count)
        return replace(one, settings=tuple({**dict(one.settings), **dict(given)}.items()))

    return replace(own(compute), otherwise=tuple(own(one) for one in compute.otherwise))


def cluster_params(options: StartOptions) -> Mapping[str, str]:
    """Return the cluster file's parameters from both ways to give them."""
    words = [*options.cluster_params]
    if options.session_args:
        words += [one.removeprefix("--") for one in options.session_args.split(",")]
    values = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(f'cluster parameter "{word}" is not NAME=VALUE')
        values[name] = value
    return values


def _target(
    command: Command, request: StartRequest, options: StartOptions, several: bool
) -> Callable[[], Outcome]:
    def target() -> Outcome:
        session = command.outrig.start(request)
        note_cost(command, session)
        for wanted in request.runs:
            step = Step(name="run", detail=wanted.script.strip())
            command.outrig.observer.step(session, step, request.step_count, request.step_count)
        if not request.runs:
            command.note(f"{session.name} is {session.state.value}")
            return Outcome(session=session)
        if options.detach:
            runs = tuple(command.outrig.execute(session, request.runs))
            for run in runs:
                command.line(run.id)
            command.note(f"{session.name}: started; follow: outrig run logs -f {runs[0].id}")
            return Outcome(session=session, runs=runs)
        ended = run_and_pull(command, session, request.runs, pull=options.pull, apart=several)
        return Outcome(session=session, runs=ended)

    return target


def _print_candidates(command: Command, plan: Plan) -> None:
    for text in candidate_lines(plan):
        command.line(text)


def _print_plan(command: Command, plan: Plan) -> None:
    command.line(f"session {plan.session_name} on provider {plan.provider}")
    _print_candidates(command, plan)
    if plan.tags:
        tags = ", ".join(f"{name}={value}" for name, value in sorted(plan.tags.items()))
        command.line(f"tags: {tags}")
    for number, step in enumerate(plan.steps, 1):
        skipped = f" (skipped: {step.skip})" if step.skip else ""
        command.line(f"{number}. {step.name}: {step.detail}{skipped}")
