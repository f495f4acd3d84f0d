"""What a project's `runtime` names: an engine on all nodes of a session, beneath its runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from outrig.errors import PluginError
from outrig.model.session import Session, Step
from outrig.session.requests import StartRequest

if TYPE_CHECKING:
    from outrig.engine import Outrig
    from outrig.model.project import RuntimeSpec
    from outrig.session.runtime import Runtime

Beneath = Callable[[Session, StartRequest], Session]
"""Brings up what a request's project wants beneath a running session; returns its record."""


class WithRuntime(ABC):
    """An engine that runs on the nodes of other providers too: `runtime: NAME` of a project.

    The session is RUNNING and held meanwhile. What is started there is a run that is `beside` the
    others, so it ends with the session.
    """

    @abstractmethod
    def is_up(self, outrig: Outrig, session: Session, version: str | None) -> bool:
        """Ask the nodes whether the engine runs on all of them as it is to; `RemoteError`."""

    @abstractmethod
    def bring_up(self, outrig: Outrig, session: Session, version: str | None) -> Mapping[str, str]:
        """Start it where it does not run; returns the variables that runs of the session get.

        Raises `RemoteError`, also when the nodes have another version, and `Interrupted`.
        """


def runtime_of(request: StartRequest) -> RuntimeSpec | None:
    """Return what to bring up; nothing where the provider is that engine itself."""
    found = request.project.runtime
    return None if found is None or found.name == request.compute.provider else found


def runtime_step(spec: RuntimeSpec, count: int, *, up: bool = False) -> Step:
    """Return the step that brings an engine up."""
    detail = f"{spec} on {count} node{'' if count == 1 else 's'}"
    return Step(name="runtime", detail=detail, skip="it is up" if up else None)


def check_runtime(runtime: Runtime, request: StartRequest) -> None:
    """Raise `PluginError` when nothing that is installed can bring up what is asked for."""
    if request.project.runtime is not None:
        _engine(runtime, request.project.runtime)


def _engine(runtime: Runtime, spec: RuntimeSpec) -> WithRuntime:
    found = runtime.hooks.provider(spec.name)
    if not isinstance(found, WithRuntime):
        raise PluginError(
            f'provider "{spec.name}" is no engine that could be brought up on nodes',
            hint="change runtime in the project file: runtime: ray",
        )
    return found


def beneath(outrig: Outrig, request: StartRequest) -> Beneath | None:
    """Return what brings up the engine that a request asks for; `None` when it asks for none."""
    if request.project.runtime is None:
        return None
    return lambda session, one: _bring_up(outrig, session, one)


def _bring_up(outrig: Outrig, session: Session, request: StartRequest) -> Session:
    runtime, spec = outrig.runtime, runtime_of(request)
    if spec is None:
        return session
    engine = _engine(runtime, spec)
    runtime.cancel.check()
    up = engine.is_up(outrig, session, spec.version)
    step = runtime_step(spec, len(session.nodes), up=up)
    runtime.observer.step(session, step, 4, request.step_count)
    if up:
        runtime.record(session, "runtime.skipped", step.skip or "")
        return session
    with runtime.step(session, "runtime"):
        variables = engine.bring_up(outrig, session, spec.version)
    return runtime.move(session, session.state, variables=dict(variables))
