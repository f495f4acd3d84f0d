"""Nodes that are silent, or never stop talking, while somebody waits for an answer."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

from outrig.errors import RemoteError, UnreachableError
from outrig.node.answers import LogAnswer, Nothing
from outrig.node.client import MOST_WAITING, connect
from outrig.transport.base import Transport
from outrig.transport.local import start_process

if TYPE_CHECKING:
    from outrig.transport.local import ProcessPipe

GREETING = """
import sys, time
from outrig.node.boot import MARKER
from outrig.node.program.wire import CALL, DATA, REPLY, FrameWriter, read_frame
sys.stdout.buffer.write(MARKER + b"have\\n")
writer = FrameWriter(sys.stdout.buffer)
writer.send(REPLY, 0, {"root": "/", "python": "3.8.0", "pid": 1})
"""
MUTE = "time.sleep(600)"
DEAF = "read_frame(sys.stdin.buffer); time.sleep(600)"
ENDLESS = """
call = read_frame(sys.stdin.buffer)
while True: writer.write(DATA, call.request, b"x" * (1 << 20))
"""
SLOW = """
call = read_frame(sys.stdin.buffer)
asked = read_frame(sys.stdin.buffer)
writer.send(REPLY, asked.request, {})
writer.send(REPLY, call.request, {})
time.sleep(600)
"""


class Fake(Transport):
    """A node that is a few lines of Python."""

    name = "fake"

    def __init__(self, script: str) -> None:
        self.script = script

    def open(self, _arguments: tuple[str, ...]) -> ProcessPipe:
        return start_process([sys.executable, "-c", GREETING + self.script], self.name)


@pytest.mark.parametrize("script", [MUTE, DEAF])
def test_a_node_that_never_answers_is_given_up(script: str) -> None:
    client = connect(Fake(script), "", silence_s=0.3)
    with pytest.raises(UnreachableError, match=r"fake: lost .* it has not answered for \d+ s"):
        client.call(Nothing, "observe")
    client.close()


def test_a_node_that_takes_nothing_is_given_up() -> None:
    client = connect(Fake(MUTE), "", silence_s=0.3)
    exchange = client.start(Nothing, "write_file")

    def send_all() -> None:
        for _ in range(1000):
            exchange.send(b"x" * (1 << 20))

    with pytest.raises(UnreachableError, match=r"lost the node program"):
        send_all()
    client.close()


def test_a_node_that_is_slow_but_there_is_waited_for() -> None:
    client = connect(Fake(SLOW), "", silence_s=3)
    assert client.call(Nothing, "observe") == Nothing()
    client.close()


def test_a_node_that_sends_without_end_is_cut_off() -> None:
    client = connect(Fake(ENDLESS), "")
    with pytest.raises(RemoteError, match="fake: the node sends more than was asked for"):
        client.start(LogAnswer, "read_log").gather(1 << 20)
    client.close()
    client = connect(Fake(ENDLESS), "")
    with pytest.raises(RemoteError, match="fake: the node sends more than was asked for"):
        client.call(Nothing, "observe")
    client.close()


def test_what_nobody_reads_does_not_pile_up() -> None:
    client = connect(Fake(ENDLESS), "")
    exchange = client.start(LogAnswer, "read_log")
    while exchange.waiting_bytes <= MOST_WAITING:
        time.sleep(0.01)
    read = 0
    while read < 2 * MOST_WAITING:  # the node had to wait, and goes on when somebody reads
        read += len(exchange.receive(60) or b"")
        assert exchange.waiting_bytes <= MOST_WAITING + (1 << 20)
    client.give_up("enough")
    client.close()
