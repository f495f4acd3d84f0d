"""The web terminal of a session: a page with xterm.js, a console inside for each that opens it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler, StaticFileHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from outrig.api import Size
from outrig.errors import OutrigError, UsageError
from outrig_backendai.services.catalogue import LOOPBACK
from outrig_backendai.services.door import LOGIN_SHELL
from outrig_backendai.services.loop import keep_in_use, pass_on
from outrig_backendai.services.peer import is_another_users

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.api import Console
    from outrig_backendai.services.door import Door

_PAGE = Path(__file__).with_name("page")
_PING_S = 20
_MOST_MESSAGE = 1 << 20
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:"


class WebTerminal:
    """Serves the terminals of one session at an address of this computer."""

    def __init__(self, door: Door, variables: Mapping[str, str]) -> None:
        self.door = door
        self.variables = variables
        self.open = 0
        self.host = ""
        self.tasks: set[asyncio.Task[None]] = set()
        self._server: HTTPServer | None = None

    async def start(self, host: str, port: int) -> int:
        """Begin to listen; returns the port. Raises `UsageError` when it cannot be had."""
        self.host = host
        assets = str(files("webssh") / "static")
        told = {"terminals": self}
        application = Application(
            [
                ("/", _Page, told),
                ("/shell", _Shell, told),
                ("/page/(.*)", _Asset, {"path": str(_PAGE), **told}),
                ("/assets/(.*)", _Asset, {"path": assets, **told}),
            ],
            websocket_ping_interval=_PING_S,
            websocket_max_message_size=_MOST_MESSAGE,
            log_function=lambda _: None,
        )
        try:
            sockets = bind_sockets(port, host)
        except OSError as err:
            raise UsageError(
                f"port {port} of {host} cannot be taken: {err.strerror or err}",
                hint="choose another: -b PORT",
            ) from err
        self._server = HTTPServer(application)
        self._server.add_sockets(sockets)
        self.tasks.add(asyncio.ensure_future(keep_in_use(self.door, lambda: self.open > 0)))
        return int(sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """End all terminals."""
        if self._server is not None:
            self._server.stop()
            await self._server.close_all_connections()
        for one in self.tasks:
            one.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


class _Guarded(RequestHandler):
    """Answers only who may have the terminal: on this computer that is its own user, and no page
    of another site, whatever name that site gives to this address."""

    def initialize(self, terminals: WebTerminal, **_: object) -> None:
        self.terminals = terminals

    def prepare(self) -> None:
        if self.terminals.host not in LOOPBACK:
            return
        name = urlsplit(f"//{self.request.host}").hostname
        if name not in LOOPBACK:
            raise HTTPError(403, reason="this is served as localhost only")
        connection: Any = self.request.connection
        stream = getattr(connection, "stream", None) or connection.detached_stream
        if is_another_users(stream.socket):
            raise HTTPError(403, reason="this is another user's")


class _Page(_Guarded):
    def get(self) -> None:
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("Cache-Control", "no-store")
        session = self.terminals.door.session
        self.render(str(_PAGE / "terminal.html"), title=f"{session.name} - ttyd")


class _Asset(_Guarded, StaticFileHandler):
    def initialize(self, path: str, terminals: WebTerminal) -> None:  # type: ignore[override]
        StaticFileHandler.initialize(self, path)
        self.terminals = terminals


class _Shell(_Guarded, WebSocketHandler):
    """One terminal."""

    console: Console | None = None

    async def open(self, *_: str, **__: str) -> None:
        terminals = self.terminals
        terminals.open += 1
        size = Size(columns=self._number("columns", 80), rows=self._number("rows", 24))
        variables = {"TERM": "xterm-256color", **terminals.variables}
        try:
            self.console = await asyncio.to_thread(
                terminals.door.console, LOGIN_SHELL, size, variables
            )
        except OutrigError as err:
            self.close(1011, _reason(str(err)))
            return
        if self.ws_connection is None or self.ws_connection.is_closing():  # while that was made
            await asyncio.to_thread(_closed, self.console)
            return
        task = asyncio.ensure_future(self._follow(self.console))
        terminals.tasks.add(task)
        task.add_done_callback(terminals.tasks.discard)

    def _number(self, name: str, default: int) -> int:
        text = self.get_argument(name, "")
        return min(int(text), 1000) if text.isdecimal() and int(text) else default

    async def _follow(self, console: Console) -> None:
        """Show what the shell prints, to its end."""
        said = ""

        async def show(data: bytes) -> None:
            await self.write_message(data, binary=True)

        try:
            await pass_on(lambda: console.read() or None, show)
        except WebSocketClosedError:
            pass
        except OutrigError as err:
            said = str(err)
        finally:
            code = await asyncio.to_thread(_closed, console)
            self.close(1000, _reason(said or f"the shell has ended with {code}"))

    async def on_message(self, message: str | bytes) -> None:
        if self.console is None:
            return
        with contextlib.suppress(ValueError, OutrigError, WebSocketClosedError):
            match json.loads(message):
                case ["keys", str(text)]:
                    await asyncio.to_thread(self.console.write, text.encode("utf-8", "replace"))
                case ["size", int(columns), int(rows)] if 0 < columns < 1000 and 0 < rows < 1000:
                    size = Size(columns=columns, rows=rows)
                    await asyncio.to_thread(self.console.resize, size)

    def on_close(self) -> None:
        self.terminals.open -= 1
        if self.console is not None:
            asyncio.get_running_loop().run_in_executor(None, _closed, self.console)


def _closed(console: Console) -> int:
    try:
        return console.close()
    except OutrigError:
        return 129


def _reason(text: str) -> str:
    """Return as much of a text as a close frame has room for."""
    return text.encode("utf-8")[:120].decode("utf-8", "ignore")
