"""The local proxy to one service of a session: what listens here, and what it leads to."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrig.errors import PluginError
from outrig_backendai.services.catalogue import JUPYTER, SSHD, TCP, TTYD, Service
from outrig_backendai.services.door import Door
from outrig_backendai.services.jupyter import start_jupyter
from outrig_backendai.services.keys import session_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.services.sshd import SshServer
    from outrig_backendai.services.terminal import WebTerminal

REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 45\r\nConnection: close\r\n\r\n"
    b"Nothing listens at this port in the session.\n"
)
_FOREVER_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A proxy as a user asks for it; `protocol` `None` is the service's own."""

    service: Service
    host: str
    port: int
    protocol: str | None = None
    arguments: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy that listens: its port, what follows the address, and how it is served."""

    port: int
    path: str
    serve: Callable[[], None]
    """Serve until the user asks to stop (`Interrupted`)."""


@contextlib.contextmanager
def proxy(
    compute: Compute, session: ComputeSession, wanted: Wanted, note: Callable[[str], None]
) -> Iterator[Proxy]:
    """Give the proxy to a service while the block runs; raises `OutrigError`."""
    if wanted.service.name in (SSHD, TTYD):
        served = (
            ssh_server(compute, session, wanted.host, wanted.port)
            if wanted.service.name == SSHD
            else web_terminal(compute, session, wanted)
        )
        with served as port:
            yield Proxy(port=port, path="", serve=lambda: _wait(compute))
        return
    door = Door(compute, session)
    there, path = wanted.service.ports[0], ""
    if wanted.service.name == JUPYTER:
        there, token = start_jupyter(compute, door, wanted.arguments, wanted.variables, note)
        path = f"/?token={token}"
    protocol = wanted.protocol or wanted.service.protocol
    forward = compute.outrig.forward(
        door.there,
        (wanted.port, there),
        host=wanted.host,
        refusal=b"" if protocol == TCP else REFUSAL,
    )
    yield Proxy(port=forward.port, path=path, serve=forward.serve)


@contextlib.contextmanager
def ssh_server(compute: Compute, session: ComputeSession, host: str, port: int) -> Iterator[int]:
    """Serve a session's SSH while the block runs; gives the port."""
    needs("asyncssh")
    from outrig_backendai.services.sshd import SshServer

    keys = session_keys(compute.outrig.state.directory, session.id)
    with _listening(SshServer(Door(compute, session), keys), host, port) as taken:
        yield taken


@contextlib.contextmanager
def web_terminal(compute: Compute, session: ComputeSession, wanted: Wanted) -> Iterator[int]:
    """Serve a session's terminals while the block runs; gives the port."""
    needs("tornado", "webssh")
    from outrig_backendai.services.terminal import WebTerminal

    server = WebTerminal(Door(compute, session), wanted.variables)
    with _listening(server, wanted.host, wanted.port) as taken:
        yield taken


@contextlib.contextmanager
def _listening(server: SshServer | WebTerminal, host: str, port: int) -> Iterator[int]:
    from outrig_backendai.services.loop import running_loop

    with running_loop() as loop:
        try:
            yield loop.run(server.start(host, port))
        finally:
            loop.run(server.stop())


def _wait(compute: Compute) -> None:
    """Wait until the user asks to stop; raises `Interrupted`."""
    cancel = compute.outrig.cancel
    while True:
        cancel.check()
        cancel.wait(_FOREVER_S)


def needs(*modules: str) -> None:
    """Raise `PluginError` with how to install what a service needs and is not there."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise PluginError(
            f"{' and '.join(missing)} is not installed, which this service needs",
            hint="pip install 'outrig[bai]'",
        )
