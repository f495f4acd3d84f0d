"""Our end of the pipe: many calls at once to one node program."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from outrig.errors import (
    CapacityError,
    ConflictError,
    NotFoundError,
    OutrigError,
    RemoteError,
    UnreachableError,
    UsageError,
)
from outrig.node.boot import boot_arguments
from outrig.node.greeting import start_program
from outrig.node.program.wire import (
    CALL,
    DATA,
    END,
    FAIL,
    RAW,
    REPLY,
    STOP,
    ZLIB,
    BrokenWireError,
    Frame,
    FrameWriter,
    read_frame,
)
from outrig.node.watch import SILENCE_S, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from outrig.transport.base import Pipe, Transport

HELLO_S = 60.0
KEPT_HELLO_S = 15.0
MOST_WAITING = 64 << 20
"""Bytes of data that may wait for one call's reader; then the node has to wait."""
MOST_IGNORED = 64 << 20
MOST_SAID = 2000
LOOK_S = 0.01
PING = 0xFFFFFFFF
"""The number of calls whose answer nobody reads."""
T = TypeVar("T")

_ERRORS: dict[str, type[OutrigError]] = {
    "capacity": CapacityError,
    "conflict": ConflictError,
    "missing": NotFoundError,
    "usage": UsageError,
}


class LostNodeError(UnreachableError):
    """The pipe to the node is cut; what runs there goes on."""


class SilentNodeError(UnreachableError):
    """The node can be reached, and does not answer."""


class Failure(msgspec.Struct, frozen=True):
    """Why a node did not do what it was asked."""

    kind: str
    message: str
    hint: str | None = None


class Hello(msgspec.Struct, frozen=True):
    """What a node program says of itself."""

    root: str = ""
    python: str = ""
    pid: int = 0
    problem: str | None = None


class Exchange(Generic[T]):
    """One call: data may go both ways before its reply."""

    def __init__(self, client: NodeClient, number: int, reply: type[T]) -> None:
        self._client = client
        self._number = number
        self._reply_type = reply
        self.mailbox: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._put_bytes = 0
        self._taken_bytes = 0
        self._reply: T | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Leaving by an exception tells the node that the answer is not wanted any more."""
        if kind is not None and self._reply is None:
            with contextlib.suppress(LostNodeError):
                self.stop()
            self._client.forget(self._number)

    def put(self, frame: Frame) -> None:
        """Take what came from the node."""
        self._put_bytes += len(frame.payload)
        self.mailbox.put(frame)

    @property
    def waiting_bytes(self) -> int:
        """How much data has come that nobody has read yet."""
        return self._put_bytes - self._taken_bytes

    def send(self, data: bytes, *, packed: bool = False) -> None:
        """Send data that belongs to the call; what is `packed` is not compressed once more."""
        self._client.write(DATA, self._number, data, packed=packed)

    def end(self) -> None:
        """Say that no more data will come."""
        self._client.write(END, self._number)

    def stop(self) -> None:
        """Tell the node that the answer is not wanted any more."""
        self._client.write(STOP, self._number)

    def receive(self, timeout_s: float | None = None) -> bytes | None:
        """Return the next data, `None` once the reply has come; raises what the node refused.

        After `timeout_s` seconds without either it returns no bytes.
        """
        if self._reply is not None:
            return None
        try:
            frame = self.mailbox.get(timeout=timeout_s)
        except queue.Empty:
            return b""
        if frame is None:
            raise self._client.lost()
        self._taken_bytes += len(frame.payload)
        if frame.kind == DATA:
            return frame.payload
        self._client.forget(self._number)
        if frame.kind == FAIL:
            raise failure_of(frame.payload, self._client.name)
        self._reply = decoded(frame.payload, self._reply_type, self._client.name)
        return None

    def pieces(self) -> Iterator[bytes]:
        """Yield the data until the reply has come."""
        while (data := self.receive()) is not None:
            yield data

    def gather(self, most: int) -> bytes:
        """Return all data up to the reply; raises `RemoteError` when it is over `most` bytes."""
        parts: list[bytes] = []
        size = 0
        for data in self.pieces():
            parts.append(data)
            size += len(data)
            if size > most:
                raise self._too_much()
        return b"".join(parts)

    def _too_much(self) -> RemoteError:
        self._client.forget(self._number)
        self._client.give_up("it sends more than was asked for")
        return RemoteError(f"{self._client.name}: the node sends more than was asked for")

    def reply(self) -> T:
        """Wait for the reply, past any data; raises what the node refused."""
        ignored = 0
        while (data := self.receive()) is not None:
            ignored += len(data)
            if ignored > MOST_IGNORED:
                raise self._too_much()
        if self._reply is None:
            raise self._client.lost()
        return self._reply


class NodeClient:
    """A connection to one node program. Threads may share it."""

    def __init__(self, pipe: Pipe, name: str, encoding: int, silence_s: float = SILENCE_S) -> None:
        self.name = name
        self._pipe = pipe
        self._writer = FrameWriter(pipe.sink, encoding)
        self._lock = threading.Lock()
        self._exchanges: dict[int, Exchange[object]] = {}
        self._last = 0
        self._broken: str | None = None
        self.hello = Hello()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._watch = Watch(lambda: bool(self._exchanges), self._ping, self.give_up, silence_s)

    @property
    def alive(self) -> bool:
        """Whether calls can be made."""
        return self._broken is None

    @property
    def pipe(self) -> Pipe:
        """What the connection goes over."""
        return self._pipe

    def greet(self, timeout_s: float) -> None:
        """Wait for the node program's first frame; raises `RemoteError`."""
        greeting: Exchange[Hello] = Exchange(self, 0, Hello)
        self._exchanges[0] = greeting  # type: ignore[assignment]
        self._reader.start()
        try:
            if greeting.receive(timeout_s) == b"":
                raise SilentNodeError(f"{self.name}: no answer from the node in {timeout_s:g} s")
            self.hello = greeting.reply()
        except LostNodeError:
            problem = self._pipe.problem()
            raise problem or RemoteError(f"{self.name}: {self._why_not_started()}") from None
        if self.hello.problem:
            raise RemoteError(
                f"{self.name}: {self.hello.problem}", hint="name another directory for it: root"
            )
        self._watch.start()

    def _why_not_started(self) -> str:
        last = self._pipe.errors().splitlines()[-1:]
        return f"the node program did not start: {last[0] if last else self._broken}"

    def start(self, reply: type[T], op: str, **fields: object) -> Exchange[T]:
        """Begin a call whose reply is of the type `reply`."""
        with self._lock:
            self._last += 1
            exchange = Exchange(self, self._last, reply)
            self._exchanges[self._last] = exchange  # type: ignore[assignment]
            number = self._last
        if self._broken is not None:
            raise self.lost()
        self.write(CALL, number, encoded({"op": op, **fields}))
        return exchange

    def call(self, reply: type[T], op: str, **fields: object) -> T:
        """Make a call and wait for its reply."""
        return self.start(reply, op, **fields).reply()

    @property
    def compresses(self) -> bool:
        """Whether what is sent is packed."""
        return self._writer.encoding != RAW

    def write(self, kind: int, number: int, payload: bytes = b"", *, packed: bool = False) -> None:
        """Send a frame; raises `LostNodeError`."""
        try:
            self._writer.write(kind, number, payload, packed=packed)
        except (OSError, ValueError) as error:
            self._break(str(error))
            raise self.lost() from error
        self._watch.sign()

    def _ping(self) -> None:
        """Ask for any answer at all: it is a sign of life, and nobody's otherwise."""
        with contextlib.suppress(OSError, ValueError):
            self._writer.write(CALL, PING, encoded({"op": "ping"}))

    def give_up(self, reason: str) -> None:
        """Take the connection for lost."""
        self._break(reason)
        self._pipe.kill()

    def forget(self, number: int) -> None:
        """The call was answered."""
        self._exchanges.pop(number, None)

    def lost(self) -> LostNodeError:
        """Return the error that says why the pipe is cut."""
        last = self._pipe.errors().splitlines()[-1:]
        reason = " ".join([self._broken or "closed", *(f"({line})" for line in last)])
        return LostNodeError(
            f"{self.name}: lost the node program: {reason}",
            hint="what runs there goes on; ask again to see it",
        )

    def close(self) -> None:
        """Hang up."""
        self._break("closed")
        self._pipe.close()
        if self._reader.is_alive() and self._reader is not threading.current_thread():
            self._reader.join(5.0)
        if not self._reader.is_alive():
            self._pipe.source.close()

    def _break(self, reason: str) -> None:
        self._watch.end()
        with self._lock:
            self._broken = self._broken or reason
            waiting = list(self._exchanges.values())
            self._exchanges.clear()
        for exchange in waiting:
            exchange.mailbox.put(None)

    def _read(self) -> None:
        reason = "it went away"
        try:
            start_program(self._pipe)
            while frame := read_frame(self._pipe.source):
                self._watch.sign()
                exchange = self._exchanges.get(frame.request)
                if exchange is not None and frame.kind in (DATA, REPLY, FAIL):
                    exchange.put(frame)
                    self._let_read(exchange)
        except (BrokenWireError, OSError, ValueError) as error:
            reason = str(error)
        self._break(reason)

    def _let_read(self, exchange: Exchange[object]) -> None:
        """Wait while more has come for a call than should lie in memory; its reader is slow."""
        while exchange.waiting_bytes > MOST_WAITING and exchange in self._exchanges.values():
            self._watch.sign()
            time.sleep(LOOK_S)


def connect(
    transport: Transport, root: str, timeout_s: float = HELLO_S, silence_s: float = SILENCE_S
) -> NodeClient:
    """Start the node program, sending it first if the node does not have it.

    A connection that was kept may lead nowhere since the network changed: it gets less time, and is
    then made anew. Raises `RemoteError`, `AuthError`.
    """
    if transport.kept():
        try:
            return _greeted(transport, root, min(timeout_s, KEPT_HELLO_S), silence_s)
        except SilentNodeError:
            transport.drop()
        except RemoteError:
            if transport.kept():
                raise
    return _greeted(transport, root, timeout_s, silence_s)


def _greeted(transport: Transport, root: str, timeout_s: float, silence_s: float) -> NodeClient:
    pipe = transport.open(boot_arguments(root))
    client = NodeClient(pipe, transport.name, ZLIB if transport.compresses else RAW, silence_s)
    try:
        client.greet(timeout_s)
    except BaseException:
        pipe.kill()
        client.close()
        raise
    return client


def failure_of(payload: bytes, name: str) -> OutrigError:
    """Turn what a node refused into the error to raise."""
    failure = decoded(payload, Failure, name)
    kind = _ERRORS.get(failure.kind, RemoteError)
    message = " ".join(failure.message.split())[:MOST_SAID]  # one line, whatever a node says
    return kind(f"{name}: {message}", hint=failure.hint and " ".join(failure.hint.split()))


def encoded(value: object) -> bytes:
    """Return what nodes read; names that are not UTF-8 go as lone surrogates, escaped."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(value).encode("ascii")


def decoded(payload: bytes, kind: type[T], name: str) -> T:
    """Read a node's answer, which is not trusted to be one; raises `RemoteError`."""
    try:
        try:
            return msgspec.json.decode(payload, type=kind)
        except msgspec.DecodeError:  # names that are not UTF-8 come as lone surrogates
            return msgspec.convert(json.loads(payload), kind)
    except (msgspec.MsgspecError, ValueError) as error:
        raise RemoteError(f"{name}: the node's answer makes no sense: {error}") from error
