"""The SSH server of a session: asyncssh serves it here, programs run inside through the pipe."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import asyncssh
from asyncssh import BreakReceived, SignalReceived, TerminalSizeChanged

from outrig.api import Size, Stream
from outrig.errors import OutrigError, UsageError
from outrig_backendai.services.door import LOGIN_SHELL
from outrig_backendai.services.loop import keep_in_use, pass_on
from outrig_backendai.services.sftp import SessionFiles

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from outrig.api import ByteStream, Console, Program
    from outrig_backendai.services.door import Door
    from outrig_backendai.services.keys import SessionKeys

    Process = asyncssh.SSHServerProcess[bytes]
    Reader = asyncssh.SSHReader[bytes]
    Writer = asyncssh.SSHWriter[bytes]

LOGIN = "work"
PIECE = 64 << 10
_CTRL_C, _END = b"\x03", b"\x04"
_SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15}
_LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "main1")  # noqa: S104 - as users write it
_KEYS = "cat ~/.ssh/authorized_keys 2>/dev/null || true"
_FAILED = 255


class SshServer:
    """Serves one session at an address of this computer."""

    def __init__(self, door: Door, keys: SessionKeys) -> None:
        self.door = door
        self.keys = keys
        self.open = 0
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._use: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> int:
        """Begin to listen; returns the port. Raises `UsageError` when it cannot be had."""
        try:
            self._acceptor = await asyncssh.create_server(
                lambda: _Login(self),
                host,
                port,
                server_host_keys=[asyncssh.import_private_key(self.keys.host_private)],
                process_factory=self._serve,
                sftp_factory=lambda channel: SessionFiles(channel, self.door),
                allow_scp=True,
                encoding=None,
                line_editor=False,
                agent_forwarding=False,
                x11_forwarding=False,
                reuse_address=True,
            )
        except OSError as err:
            raise UsageError(
                f"port {port} of {host} cannot be taken: {err.strerror or err}",
                hint="choose another: -b PORT (app), -p PORT (ssh, scp)",
            ) from err
        self._use = asyncio.ensure_future(keep_in_use(self.door, lambda: self.open > 0))
        return int(self._acceptor.get_port())

    async def stop(self) -> None:
        """End all connections."""
        if self._use is not None:
            self._use.cancel()
        if self._acceptor is not None:
            self._acceptor.close()
            await self._acceptor.wait_closed()

    async def _serve(self, process: Process) -> None:
        """Run what a client asked for."""
        try:
            if process.term_type is None:
                code = await self._run_program(process)
            else:
                code = await self._run_console(process)
        except OutrigError as err:
            with contextlib.suppress(OSError):
                process.stderr.write(f"outrig: {err}\r\n".encode())
            code = _FAILED
        with contextlib.suppress(OSError):
            process.exit(code)

    async def _run_program(self, process: Process) -> int:
        script = process.command or LOGIN_SHELL.replace(" -i", " -s")
        program = await asyncio.to_thread(self.door.program, script, _variables(process))
        typing = asyncio.ensure_future(_feed_program(process, program))
        try:

            async def send(part: tuple[Stream, bytes]) -> None:
                await _send(process.stderr if part[0] is Stream.ERR else process.stdout, part[1])

            await pass_on(program.read, send)
        except OSError:
            pass  # the client is gone
        finally:
            typing.cancel()
            code = await asyncio.to_thread(program.close)
        return code

    async def _run_console(self, process: Process) -> int:
        columns, rows, *_ = process.term_size
        console = await asyncio.to_thread(
            self.door.console,
            process.command or LOGIN_SHELL,
            Size(columns=columns or 80, rows=rows or 24),
            _variables(process),
        )
        typing = asyncio.ensure_future(_feed_console(process, console))
        try:
            await pass_on(lambda: console.read() or None, lambda data: _send(process.stdout, data))
        except OSError:
            pass  # the client is gone
        finally:
            typing.cancel()
            code = await asyncio.to_thread(console.close)
        return code

    def lead(self, host: str, port: int) -> Callable[[Reader, Writer], Awaitable[None]] | bool:
        """Return what serves a forwarded connection; false where it leads elsewhere."""
        if host not in _LOCAL:
            return False

        async def serve(reader: Reader, writer: Writer) -> None:
            try:
                stream = await asyncio.to_thread(self.door.connect, port)
            except OutrigError:
                writer.close()
                return
            await _join(reader, writer, stream)

        return serve


class _Login(asyncssh.SSHServer):
    """Lets in who has the session's key, or one that its own `authorized_keys` names."""

    def __init__(self, server: SshServer) -> None:
        self._server = server
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._server.open += 1
        self._connection = conn

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as it is called
        self._server.open -= 1

    async def begin_auth(self, username: str) -> bool:
        own = self._server.keys.user_public
        theirs = ""
        if username == LOGIN:
            with contextlib.suppress(OutrigError):
                theirs = (await asyncio.to_thread(self._server.door.ask, _KEYS)).decode(
                    "utf-8", "replace"
                )
            if self._connection is not None:
                self._connection.set_authorized_keys(_authorized(own, theirs))
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def connection_requested(
        self,
        dest_host: str,
        dest_port: int,
        orig_host: str,  # noqa: ARG002 - as it is called
        orig_port: int,  # noqa: ARG002 - as it is called
    ) -> Callable[[Reader, Writer], Awaitable[None]] | bool:
        return self._server.lead(dest_host, dest_port)


def _authorized(own: str, theirs: str) -> asyncssh.SSHAuthorizedKeys:
    """Return all keys that may log in; lines of the user's that make no sense let nobody in."""
    lines = [own]
    for line in theirs.splitlines():
        with contextlib.suppress(ValueError):
            asyncssh.import_authorized_keys(f"{line}\n")
            lines.append(line)
    return asyncssh.import_authorized_keys("\n".join([*lines, ""]))


def _variables(process: Process) -> dict[str, str]:
    """Return what of the client's variables is passed on, as sshd is usually set."""
    given = {
        name: text
        for name, text in process.env.items()
        if name == "LANG" or (name.startswith("LC_") and name.replace("_", "").isalnum())
    }
    if process.term_type:
        given["TERM"] = process.term_type
    return given


async def _send(writer: Writer, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def _feed_program(process: Process, program: Program) -> None:
    """Pass on what the client sends, to its end."""
    with contextlib.suppress(OSError, OutrigError):
        while True:
            try:
                data = await process.stdin.read(PIECE)
            except SignalReceived as one:
                await asyncio.to_thread(program.signal, _SIGNALS.get(one.signal, 15))
                continue
            except (BreakReceived, TerminalSizeChanged):
                continue
            if not data:
                break
            await asyncio.to_thread(program.write, data)
        await asyncio.to_thread(program.finish)


async def _feed_console(process: Process, console: Console) -> None:
    """Pass on what is typed, and the window's size."""
    with contextlib.suppress(OSError, OutrigError):
        while True:
            try:
                data = await process.stdin.read(PIECE)
            except TerminalSizeChanged as size:
                wanted = Size(columns=size.width, rows=size.height)
                await asyncio.to_thread(console.resize, wanted)
                continue
            except (BreakReceived, SignalReceived):
                data = _CTRL_C
            await asyncio.to_thread(console.write, data or _END)
            if not data:
                break


async def _join(reader: Reader, writer: Writer, stream: ByteStream) -> None:
    """Pass bytes both ways between a channel and a port inside."""

    async def there() -> None:
        with contextlib.suppress(OSError, OutrigError):
            while data := await reader.read(PIECE):
                await asyncio.to_thread(stream.write, data)
            await asyncio.to_thread(stream.finish)

    going = asyncio.ensure_future(there())
    with contextlib.suppress(OSError, OutrigError):
        await pass_on(lambda: stream.read(PIECE) or None, lambda data: _send(writer, data))
    with contextlib.suppress(OSError):
        writer.write_eof()
    await going
    await asyncio.to_thread(stream.close)
    writer.close()
