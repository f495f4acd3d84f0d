"""The door to the inside of a running session: programs, consoles and ports there."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from outrig.api import ConsoleRequest, Size, Stream
from outrig.errors import RemoteError
from outrig_backendai.place.entering import inside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.api import ByteStream, Console, Program
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

LOGIN_SHELL = """for shell in bash ash sh; do
  found=$(command -v $shell) && exec "$found" -i
done"""
_MOST_SAID = 64 << 10


class Door:
    """Gives what runs inside one session to somebody outside. Threads may share it."""

    def __init__(self, compute: Compute, session: ComputeSession) -> None:
        self.outrig = compute.outrig
        self.session = session
        self.there = compute.outrig_session(session)
        self._place = compute.place(session)
        self._node = self.there.nodes[0]

    def console(self, script: str, size: Size, variables: Mapping[str, str]) -> Console:
        """Start shell text on a terminal inside."""
        return self.outrig.console(self.there, self._request(script, variables, size))

    def program(self, script: str, variables: Mapping[str, str]) -> Program:
        """Start shell text with plain pipes inside."""
        return self.outrig.program(self.there, self._request(script, variables, Size()))

    def connect(self, port: int) -> ByteStream:
        """Connect to a port that something inside listens at; raises `RemoteError`."""
        return self.outrig.connect(self.there, port)

    def in_use(self) -> None:
        """Say that somebody uses the session now."""
        self.outrig.in_use(self.there)

    def script(self, script: str) -> str:
        """Return shell text that runs `script` inside, for a run of the Outrig session."""
        return inside(self._place, script)

    def ask(self, script: str, data: bytes = b"") -> bytes:
        """Run shell text inside to its end and return what it prints; raises `RemoteError`."""
        program = self.program(script, {})
        said: dict[Stream, bytes] = {Stream.OUT: b"", Stream.ERR: b""}
        program.write(data)
        program.finish()
        while part := program.read():
            said[part[0]] = (said[part[0]] + part[1])[-_MOST_SAID:]
        if code := program.close():
            lines = said[Stream.ERR].decode("utf-8", "replace").strip().splitlines()
            raise RemoteError(f'session "{self.session.name}": {lines[-1] if lines else code}')
        return said[Stream.OUT]

    def _request(self, script: str, variables: Mapping[str, str], size: Size) -> ConsoleRequest:
        return ConsoleRequest(
            session_id=self.there.id,
            node=self._node,
            argv=("sh", "-c", self.script(_with(variables, script))),
            size=size,
        )


def _with(variables: Mapping[str, str], script: str) -> str:
    """Return a script that begins by setting variables: those inside are the session's own."""
    words = [f"export {name}={shlex.quote(text)}" for name, text in variables.items()]
    return "\n".join([*words, script])
