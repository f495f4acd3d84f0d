"""The way to a node through paramiko, in this process: where there is no usable OpenSSH."""

from __future__ import annotations

import contextlib
import io
import logging
import socket
import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, cast

from outrig.errors import AuthError, OutrigError, RemoteError, UnreachableError
from outrig.transport.base import Pipe, Transport
from outrig.transport.command import remote_command
from outrig.transport.failures import is_no_python, no_python
from outrig.transport.options import ALIVE_TIMES, checked_host
from outrig.transport.trust import Place, changed_key, fingerprint, trusting, user_place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    import paramiko

    from outrig.model.node import Endpoint

    Buffer = bytes | bytearray | memoryview

WINDOW_BYTES = 2 << 20
PIECE_BYTES = 256 << 10
ERROR_LINES = 20
CLOSE_S = 6.0
CIPHER = "aes128-gcm@openssh.com"
_silent = logging.NullHandler()


@contextlib.contextmanager
def _as_os_error() -> Iterator[None]:
    """Let a connection that ends look like one: paramiko has more than one way to say so."""
    import paramiko

    try:
        yield
    except (EOFError, paramiko.SSHException) as err:
        raise ConnectionError(_said(err)) from err


class ChannelSource(io.RawIOBase):
    """What comes out of a channel."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]
        with _as_os_error():
            data = self._channel.recv(len(buffer))
        memoryview(buffer)[: len(data)] = data
        return len(data)


class ChannelSink(io.RawIOBase):
    """What goes into a channel; views are passed on, as slices of bytes would be copied."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:  # type: ignore[override]
        view = memoryview(data)
        with _as_os_error():
            self._channel.sendall(view)  # type: ignore[arg-type]
        return len(view)


class ChannelPipe(Pipe):
    """A channel of an SSH connection of its own."""

    def __init__(
        self, client: paramiko.SSHClient, channel: paramiko.Channel, name: str, python: str
    ) -> None:
        self._client = client
        self._channel = channel
        self._name = name
        self._python = python
        self._source = io.BufferedReader(ChannelSource(channel), PIECE_BYTES)
        self._sink = io.BufferedWriter(cast("io.RawIOBase", ChannelSink(channel)), PIECE_BYTES)
        self._lines: deque[bytes] = deque(maxlen=ERROR_LINES)
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()

    @property
    def source(self) -> BinaryIO:
        return cast("BinaryIO", self._source)

    @property
    def sink(self) -> BinaryIO:
        return cast("BinaryIO", self._sink)

    def finish(self) -> None:
        """See `Pipe.finish`."""
        self._sink.flush()
        with _as_os_error():
            self._channel.shutdown_write()

    def errors(self) -> str:
        if self._channel.closed or self._channel.exit_status_ready():
            self._reader.join(1.0)
        return b"".join(self._lines).decode("utf-8", "replace").strip()

    def problem(self) -> OutrigError | None:
        """See `Pipe.problem`."""
        found = is_no_python(self.errors(), self._python)
        return no_python(self._name, self._python) if found else None

    def kill(self) -> None:
        self._client.close()

    def close(self) -> None:
        with contextlib.suppress(OSError, EOFError, ValueError):
            self._sink.flush()
        with contextlib.suppress(OSError, EOFError):
            self._channel.shutdown_write()
            self._channel.status_event.wait(CLOSE_S)
        self._client.close()  # closing the channel alone raises EOFError when the host is dead
        self._reader.join(CLOSE_S)

    def _read_errors(self) -> None:
        with contextlib.suppress(OSError, EOFError, ValueError):
            for line in self._channel.makefile_stderr("rb"):
                self._lines.append(line[:4096] if isinstance(line, bytes) else line.encode())


class ParamikoTransport(Transport):
    """Runs the node program through a connection that this process makes itself."""

    def __init__(self, endpoint: Endpoint, *, ask: bool | None = None) -> None:
        checked_host(endpoint)
        self._endpoint = endpoint
        self._ask = ask

    @property
    def name(self) -> str:
        return self._endpoint.label

    def open(self, arguments: tuple[str, ...]) -> Pipe:
        python = self._endpoint.python or "python3"
        client = self._connected()
        try:
            channel = _transport_of(client).open_session()
            channel.exec_command(remote_command(python, arguments))
        except Exception as err:
            client.close()
            raise RemoteError(f"{self.name}: no command was started: {_said(err)}") from err
        return ChannelPipe(client, channel, self.name, python)

    def forward(self, port: int) -> Pipe:
        client = self._connected()
        try:
            transport = _transport_of(client)
            channel = transport.open_channel("direct-tcpip", ("localhost", port), ("localhost", 0))
        except Exception as err:
            client.close()
            raise RemoteError(f"{self.name}: port {port}: {_said(err)}") from err
        return ChannelPipe(client, channel, self.name, "python3")

    def _connected(self) -> paramiko.SSHClient:
        import paramiko

        # what it logs is raised as well; without a handler errors would go to standard error
        logging.getLogger("paramiko").addHandler(_silent)
        place = user_place(self._endpoint)
        connection = self._socket(place)
        client = trusting(self._endpoint, place, self._ask)
        try:
            client.connect(
                place.address,
                place.port,
                username=place.user,
                key_filename=list(place.key_files) or None,  # type: ignore[arg-type]
                sock=connection,
                timeout=self._endpoint.connect_s,
                banner_timeout=self._endpoint.connect_s,
                auth_timeout=self._endpoint.connect_s,
                transport_factory=partial(_transport, kinds=_kinds(self._endpoint)),
            )
        except OutrigError:
            client.close()
            raise
        except paramiko.BadHostKeyException as err:
            client.close()
            raise changed_key(self._endpoint, fingerprint(err.key.asbytes())) from err
        except paramiko.AuthenticationException as err:
            client.close()
            raise AuthError(
                f"{self.name}: {_said(err)}",
                hint="give the key (--ssh-key-file), or load it into ssh-agent",
            ) from err
        except Exception as err:  # a hostile server makes paramiko raise all sorts of things
            client.close()
            raise UnreachableError(f"{self.name}: cannot be reached: {_said(err)}") from err
        _transport_of(client).set_keepalive(max(1, round(self._endpoint.alive_s / ALIVE_TIMES)))
        return client

    def _socket(self, place: Place) -> socket.socket:
        try:
            found = socket.create_connection(
                (place.address, place.port), timeout=self._endpoint.connect_s
            )
        except OSError as err:
            reason = err.strerror or str(err)
            raise UnreachableError(f"{self.name}: cannot be reached: {reason}") from err
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            limit_ms = int(self._endpoint.alive_s * 1000)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit_ms)
        return found


def _kinds(endpoint: Endpoint) -> frozenset[str]:
    """Return the types of the host keys that were given whole: others need not be shown to us."""
    found = [one.split()[0] for one in endpoint.host_keys if " " in one]
    return frozenset(found) if len(found) == len(endpoint.host_keys) else frozenset()


def _transport(
    connection: socket.socket, *, kinds: frozenset[str], **extra: object
) -> paramiko.Transport:
    import paramiko

    made = paramiko.Transport(
        connection,
        default_window_size=WINDOW_BYTES,
        **extra,  # type: ignore[arg-type]
    )
    options = made.get_security_options()
    if CIPHER in options.ciphers:
        options.ciphers = (CIPHER, *(one for one in options.ciphers if one != CIPHER))
    if wanted := tuple(one for one in options.key_types if one in kinds):
        options.key_types = wanted
    return made


def _transport_of(client: paramiko.SSHClient) -> paramiko.Transport:
    found = client.get_transport()
    if found is None:
        raise RemoteError("the connection was closed")
    return found


def _said(err: BaseException) -> str:
    lines = str(err).strip().splitlines()
    return lines[0][:200] if lines else type(err).__name__
