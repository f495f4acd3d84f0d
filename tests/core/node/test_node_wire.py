"""Frames survive the way, and what is damaged or too large is noticed."""

from __future__ import annotations

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrig.node.program.wire import (
    CALL,
    DATA,
    HEADER,
    MAX_FRAME,
    RAW,
    ZLIB,
    BrokenWireError,
    FrameWriter,
    read_frame,
)


def written(payload: bytes, encoding: int = RAW, kind: int = DATA, request: int = 7) -> bytes:
    stream = io.BytesIO()
    FrameWriter(stream, encoding).write(kind, request, payload)
    return stream.getvalue()


@given(
    payload=st.binary(max_size=5000),
    request=st.integers(0, 2**32 - 1),
    encoding=st.sampled_from([RAW, ZLIB]),
)
def test_what_is_written_is_read(payload: bytes, request: int, encoding: int) -> None:
    frame = read_frame(io.BytesIO(written(payload, encoding, request=request)))
    assert frame is not None
    assert (frame.kind, frame.request, frame.payload) == (DATA, request, payload)


@given(payload=st.binary(max_size=200), flip=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_changed_bit_is_noticed(payload: bytes, flip: int, bit: int) -> None:
    data = bytearray(written(payload))
    data[flip % len(data)] ^= 1 << bit
    with pytest.raises(BrokenWireError):
        read_frame(io.BytesIO(bytes(data)))


@given(payload=st.binary(max_size=200), cut=st.integers(min_value=1))
def test_a_cut_is_noticed(payload: bytes, cut: int) -> None:
    data = written(payload)
    with pytest.raises(BrokenWireError, match="ends within a frame"):
        read_frame(io.BytesIO(data[: cut % len(data) or 1]))


def test_the_end_is_no_frame() -> None:
    assert read_frame(io.BytesIO(b"")) is None


def test_text_is_packed_when_that_pays() -> None:
    text = b"the same words again and again " * 1000
    assert len(written(text, ZLIB)) < len(text) // 10


def test_a_frame_that_says_it_is_huge_is_refused_before_it_is_read() -> None:
    head = HEADER.pack(MAX_FRAME + 1, 1, CALL, RAW, 0)
    with pytest.raises(BrokenWireError, match="not a frame"):
        read_frame(io.BytesIO(head))


def test_a_frame_that_would_unpack_to_gigabytes_is_refused() -> None:
    machine = zlib.compressobj(9)
    bomb = b"".join(machine.compress(b"\0" * (1 << 20)) for _ in range(64)) + machine.flush()
    head = HEADER.pack(len(bomb), 1, DATA, ZLIB, 0)[:-4]
    check = zlib.crc32(bomb, zlib.crc32(head)).to_bytes(4, "big")
    with pytest.raises(BrokenWireError, match="too large"):
        read_frame(io.BytesIO(head + check + bomb))


@pytest.mark.parametrize("payload", [b"", b"[]", b"7", b"{", b"\xff"])
def test_a_call_that_is_no_object_is_refused(payload: bytes) -> None:
    frame = read_frame(io.BytesIO(written(payload, kind=CALL)))
    assert frame is not None
    with pytest.raises(BrokenWireError):
        frame.fields()
