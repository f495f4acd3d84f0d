"""A terminal in a session."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.errors import PluginError
from outrig.interfaces import WithConsole
from outrig.model.run import PreparedEnvironment
from outrig.session.find import require_running
from outrig.session.placing import own_variables, world_variables

if TYPE_CHECKING:
    from outrig.model.console import Console, ConsoleRequest
    from outrig.model.session import Session
    from outrig.session.runtime import Runtime


def open_console(runtime: Runtime, session: Session, request: ConsoleRequest) -> Console:
    """Start an interactive program in a session; raises `ConflictError`, `PluginError`."""
    provider = runtime.provider(session)
    if not isinstance(provider, WithConsole):
        raise PluginError(f'provider "{session.provider}" has no consoles')
    require_running(session, resume="session attach --start")
    runtime.touch(session)
    digest = session.environment_digest
    variables = {
        **own_variables(request.node),
        **world_variables(session.nodes),
        **session.variables,
        **request.variables,
    }
    environment = None if digest is None else PreparedEnvironment(digest=digest)
    return provider.console(replace(request, environment=environment, variables=variables))
