"""The frames on the pipe between a client and the node program; both ends use this module.

A frame is a header (payload length, request number, kind, encoding, CRC-32 of all that) and its
payload. Payloads of calls, replies and failures are JSON; those of data frames are bytes.
"""

from __future__ import annotations

import json
import struct
import threading
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

HEADER = struct.Struct(">IIBBI")
MAX_FRAME = 32 << 20
PIECE = 1 << 20
"""How many bytes a sender puts in one data frame, about."""

CALL, REPLY, FAIL, DATA, END, STOP = 1, 2, 3, 4, 5, 6
"""Client to node: CALL, DATA, END (of data), STOP (of the call). Node to client: the others."""

RAW, ZLIB = 0, 1


class BrokenWireError(Exception):
    """What came is not a frame, or not what was sent."""


class Frame:
    """One frame as it was read."""

    __slots__ = ("kind", "payload", "request")

    def __init__(self, kind: int, request: int, payload: bytes) -> None:
        self.kind = kind
        self.request = request
        self.payload = payload

    def fields(self) -> dict[str, object]:
        """Decode a JSON payload; raises `BrokenWireError`."""
        try:
            value = json.loads(self.payload)
        except ValueError as error:
            raise BrokenWireError("payload is not JSON: %s" % error) from None
        if not isinstance(value, dict):
            raise BrokenWireError("payload is not an object")
        return value


class FrameWriter:
    """Writes frames; threads may share it."""

    def __init__(self, stream: BinaryIO, encoding: int = RAW) -> None:
        self.stream = stream
        self.encoding = encoding
        self.lock = threading.Lock()

    def write(
        self,
        kind: int,
        request: int,
        payload: bytes | memoryview = b"",
        *,
        packed: bool = False,
    ) -> None:
        """Send one frame; raises `OSError` when the other end is gone.

        A payload that is `packed` already is sent as it is.
        """
        encoding = RAW
        if self.encoding == ZLIB and not packed and len(payload) > 512:
            smaller = zlib.compress(payload, 1)
            if len(smaller) < len(payload):
                payload, encoding = smaller, ZLIB
        head = HEADER.pack(len(payload), request, kind, encoding, 0)[:-4]
        check = zlib.crc32(payload, zlib.crc32(head))
        with self.lock:
            self.stream.write(head + check.to_bytes(4, "big"))
            self.stream.write(payload)
            self.stream.flush()

    def send(self, kind: int, request: int, fields: dict[str, object]) -> None:
        """Send a frame with a JSON payload."""
        self.write(kind, request, json.dumps(fields, separators=(",", ":")).encode("ascii"))


def read_frame(stream: BinaryIO) -> Frame | None:
    """Read the next frame, `None` at the end of the stream; raises `BrokenWireError`."""
    head = stream.read(HEADER.size)
    if not head:
        return None
    if len(head) < HEADER.size:
        raise BrokenWireError("the stream ends within a frame")
    length, request, kind, encoding, check = HEADER.unpack(head)
    if length > MAX_FRAME or not CALL <= kind <= STOP:
        raise BrokenWireError("what came is not a frame: %r" % head)
    payload = stream.read(length)
    if len(payload) < length:
        raise BrokenWireError("the stream ends within a frame")
    if zlib.crc32(payload, zlib.crc32(head[:-4])) != check:
        raise BrokenWireError("a frame was damaged on its way")
    return Frame(kind, request, plain(payload, encoding))


def plain(payload: bytes, encoding: int) -> bytes:
    """Undo a frame's encoding, never beyond the largest frame; raises `BrokenWireError`."""
    return inflated(payload) if encoding == ZLIB else payload


def inflated(payload: bytes) -> bytes:
    """Undo zlib, never beyond the largest frame; raises `BrokenWireError`."""
    machine = zlib.decompressobj()
    try:
        plain = machine.decompress(payload, MAX_FRAME)
    except zlib.error as error:
        raise BrokenWireError("a frame does not decompress: %s" % error) from None
    if machine.unconsumed_tail:
        raise BrokenWireError("a frame is too large")
    return plain
