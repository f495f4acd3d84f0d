"""Going on to another provider where one has no capacity."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from outrig.errors import CapacityError, ConfigError
from outrig.plugins.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrig.model.project import Compute
    from outrig.session.requests import StartRequest
    from outrig.session.runtime import Runtime

T = TypeVar("T")


def ways(runtime: Runtime, request: StartRequest) -> tuple[StartRequest, ...]:
    """Return the request once for each provider that may serve it, in the order to try.

    A session that is there stays where it is: its provider is then the only one. Raises
    `PluginError` for one that is not installed, `ConfigError` for a setting that none of them has.
    """
    compute = request.compute
    if not compute.otherwise and not compute.shared:
        return (request,)
    chosen = [replace(compute, otherwise=()), *compute.otherwise]
    described = request.project.compute
    meant = {*compute.providers, *(described.providers if described is not None else ())}
    known = {one: _known(runtime, one) for one in sorted(meant)}
    _check_shared(compute, known)
    own = [_own(one, known[one.provider]) for one in chosen]
    name = request.name
    session = None if name is None else runtime.state.sessions.live(request.project_id, name)
    if session is not None:
        own = [one for one in own if one.provider == session.provider] or own[:1]
    return tuple(replace(request, compute=one) for one in own)


def first_with_capacity(
    runtime: Runtime, requests: Sequence[StartRequest], attempt: Callable[[StartRequest], T]
) -> T:
    """Return what `attempt` makes of the first request whose provider has capacity.

    Every other failure ends it. Raises `CapacityError` with the reason of every provider.
    """
    refused: list[CapacityError] = []
    for place, one in enumerate(requests, 1):
        try:
            return attempt(one)
        except CapacityError as err:
            refused.append(err)
            if place < len(requests):
                following = requests[place].compute.provider
                runtime.observer.notice(f"{one.compute.provider}: {err}; going on to {following}")
    raise _exhausted(requests, refused)


def _exhausted(requests: Sequence[StartRequest], refused: Sequence[CapacityError]) -> CapacityError:
    if len(refused) == 1:
        return refused[0]
    names = ", ".join(one.compute.provider for one in requests)
    reasons = "; ".join(str(one) for one in refused)
    return CapacityError(
        f"none of {names} has capacity: {reasons}",
        hint=next((one.hint for one in refused if one.hint), None),
    )


def _known(runtime: Runtime, provider: str) -> frozenset[str]:
    from outrig.config.fields import fields_of

    declared = runtime.hooks.settings_type(Kind.PROVIDER, provider)
    return frozenset(one.name for one in fields_of(f"{Kind.PROVIDER.section}.{provider}", declared))


def _check_shared(compute: Compute, known: Mapping[str, frozenset[str]]) -> None:
    for name, _ in compute.shared:
        if not any(name in one for one in known.values()):
            raise ConfigError(
                f'project file: compute: none of {", ".join(known)} has a setting "{name}"',
                hint="put what is one provider's alone below its name",
            )


def _own(compute: Compute, known: frozenset[str]) -> Compute:
    """Return the compute with the settings that its provider has."""
    shared = {name: value for name, value in compute.shared if name in known}
    settings = {**shared, **dict(compute.settings)}
    return replace(compute, settings=tuple(settings.items()), shared=(), otherwise=())


def chosen_among(compute: Compute, names: Sequence[str]) -> Compute:
    """Return the compute on the named providers, in this order.

    One that is described keeps its settings; the others are asked for the same resources.
    """
    described = {one.provider: one for one in (compute, *compute.otherwise)}
    unknown = replace(compute, count=None, settings=(), shared=(), otherwise=())
    found = [
        replace(described.get(name, unknown), provider=name, otherwise=())
        for name in dict.fromkeys(names)
    ]
    return replace(found[0], otherwise=tuple(found[1:]))
