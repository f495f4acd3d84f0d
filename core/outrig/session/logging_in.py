"""How OpenSSH's own programs get to a session's nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.access import WithLogin
from outrig.errors import PluginError
from outrig.session.find import require_running
from outrig.session.placing import nodes_named

if TYPE_CHECKING:
    from outrig.model.node import Login
    from outrig.model.session import Session
    from outrig.session.runtime import Runtime


def login(runtime: Runtime, session: Session, on: str) -> Login:
    """Return how to log in to a node; raises `PluginError`, `NotFoundError`, `RemoteError`."""
    provider = runtime.provider(session)
    if not isinstance(provider, WithLogin):
        raise PluginError(f'nodes of provider "{session.provider}" cannot be logged in to')
    require_running(session)
    runtime.touch(session)
    return provider.login(session.id, nodes_named(session, on)[0])
