"""Files inside a session, one request after the other, for servers that wait for many at once."""

from __future__ import annotations

import contextlib
import json
import shlex
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outrig.api import Stream
from outrig.errors import OutrigError, RemoteError
from outrig_backendai.services.file_program import HEADER

if TYPE_CHECKING:
    from outrig.api import Program
    from outrig_backendai.services.door import Door

_PYTHON = 'exec "$(command -v python3 || command -v python || echo python3)" -IS -c'
_LAST_WORDS = 2000
_ENDS_S = 2.0
MOST_BYTES = 64 << 20


class FilesInside:
    """A program inside a session that works on files for us; threads may share it."""

    def __init__(self, door: Door) -> None:
        source = Path(__file__).with_name("file_program.py").read_text("utf-8")
        self._program: Program = door.program(f"{_PYTHON} {shlex.quote(source)}", {})
        self._name = door.session.name
        self._waiting: dict[int, Future[tuple[Any, bytes]]] = {}
        self._lock = threading.Lock()
        self._last = 0
        self._said = b""
        self._over = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ask(self, op: str, data: bytes = b"", **fields: object) -> Future[tuple[Any, bytes]]:
        """Send a request; the future gives its result and data, or raises `OSError`."""
        future: Future[tuple[Any, bytes]] = Future()
        text = json.dumps({"op": op, **fields}).encode("ascii")
        with self._lock:
            self._last = number = (self._last + 1) & 0xFFFFFFFF
            if self._over:
                future.set_exception(self._gone())
                return future
            self._waiting[number] = future
            try:
                self._program.write(HEADER.pack(number, len(text), len(data)) + text + data)
            except OutrigError as err:
                del self._waiting[number]
                future.set_exception(ConnectionError(str(err)))
        return future

    def close(self) -> None:
        """End the program: by itself, once it has done what it was asked, or else by force."""
        with contextlib.suppress(OutrigError):
            self._program.finish()
            self._reader.join(_ENDS_S)
            self._program.close()

    def _read(self) -> None:
        buffer = bytearray()
        try:
            while part := self._program.read():
                if part[0] is Stream.ERR:
                    self._said = (self._said + part[1])[-_LAST_WORDS:]
                    continue
                buffer += part[1]
                self._take(buffer)
        except (OutrigError, ValueError) as err:
            self._said = self._said or str(err).encode()
        self._over = True
        for number in list(self._waiting):
            if future := self._waiting.pop(number, None):
                future.set_exception(self._gone())

    def _take(self, buffer: bytearray) -> None:
        """Take the answers that are whole off the buffer."""
        while len(buffer) >= HEADER.size:
            number, length, size = HEADER.unpack_from(buffer)
            if length + size > MOST_BYTES:
                raise RemoteError("the session's answer is too large")
            end = HEADER.size + length + size
            if len(buffer) < end:
                return
            fields = json.loads(bytes(buffer[HEADER.size : HEADER.size + length]))
            data = bytes(buffer[HEADER.size + length : end])
            del buffer[:end]
            if future := self._waiting.pop(number, None):
                _settle(future, fields, data)

    def _gone(self) -> ConnectionError:
        lines = self._said.decode("utf-8", "replace").strip().splitlines()
        return ConnectionError(
            f'files of session "{self._name}" cannot be reached: '
            f"{lines[-1] if lines else 'it has ended'}"
        )


def _settle(future: Future[tuple[Any, bytes]], fields: dict[str, Any], data: bytes) -> None:
    if "errno" in fields:
        future.set_exception(OSError(int(fields["errno"]), str(fields.get("reason"))))
    else:
        future.set_result((fields.get("result"), data))
