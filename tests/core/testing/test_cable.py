"""The cable to a machine: what it lets through, and when."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from outrig.testing.cable import Cable

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def echo() -> Iterator[int]:
    """A port that says back what it is told."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            with one:
                while data := one.recv(1 << 16):
                    one.sendall(data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.fixture
def cable(echo: int) -> Iterator[Cable]:
    """A cable to it."""
    made = Cable(None, echo)
    yield made
    made.close()


def said_back(cable: Cable, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", cable.port), 30) as one:
        threading.Thread(target=one.sendall, args=(data,), daemon=True).start()
        found = b""
        while len(found) < len(data):
            found += one.recv(1 << 16)
        return found


@pytest.mark.parametrize("delay_s", [0.0, 0.02])
def test_everything_arrives_in_its_order(cable: Cable, delay_s: float) -> None:
    cable.delay_s = delay_s
    data = bytes(number % 251 for number in range(1 << 20))
    assert said_back(cable, data) == data
    assert cable.carried == 2 * len(data)


def test_a_delay_holds_for_both_directions(cable: Cable) -> None:
    cable.delay_s = 0.2
    begin = time.monotonic()
    assert said_back(cable, b"x") == b"x"
    assert time.monotonic() - begin >= 0.4


def test_the_end_of_a_connection_comes_after_what_was_said_before(cable: Cable) -> None:
    cable.delay_s = 0.1
    with socket.create_connection(("127.0.0.1", cable.port), 30) as one:
        one.sendall(b"last words")
        found = b""
        while len(found) < len(b"last words"):
            found += one.recv(100)
        one.shutdown(socket.SHUT_WR)
        assert one.recv(100) == b""
    assert found == b"last words"
