"""Programs in a session that somebody talks with: at a terminal, or through pipes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.access import WithConsole, WithPrograms
from outrig.errors import PluginError
from outrig.model.run import PreparedEnvironment
from outrig.session.find import require_running
from outrig.session.placing import own_variables, world_variables

if TYPE_CHECKING:
    from outrig.model.console import Console, ConsoleRequest, Program
    from outrig.model.session import Session
    from outrig.session.runtime import Runtime


def open_console(runtime: Runtime, session: Session, request: ConsoleRequest) -> Console:
    """Start an interactive program in a session; raises `ConflictError`, `PluginError`."""
    provider = runtime.provider(session)
    if not isinstance(provider, WithConsole):
        raise PluginError(f'provider "{session.provider}" has no consoles')
    return provider.console(_completed(runtime, session, request))


def open_program(runtime: Runtime, session: Session, request: ConsoleRequest) -> Program:
    """Start a program with plain pipes in a session; raises `ConflictError`, `PluginError`."""
    provider = runtime.provider(session)
    if not isinstance(provider, WithPrograms):
        raise PluginError(f'provider "{session.provider}" cannot start programs to talk with')
    return provider.program(_completed(runtime, session, request))


def _completed(runtime: Runtime, session: Session, request: ConsoleRequest) -> ConsoleRequest:
    """Add what every program of the session is given."""
    require_running(session, resume="session attach --start")
    runtime.touch(session)
    digest = session.environment_digest
    variables = {
        **session.variables,
        **own_variables(request.node),
        **world_variables(session.nodes),
        **request.variables,
    }
    environment = None if digest is None else PreparedEnvironment(digest=digest)
    return replace(request, environment=environment, variables=variables)
