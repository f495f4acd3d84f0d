"""Programs with plain pipes: every byte, both outputs apart, and nobody keeps others waiting."""

from __future__ import annotations

import hashlib
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from outrig.errors import NotFoundError, RemoteError
from outrig.model.console import ConsoleRequest
from outrig.model.run import Stream
from outrig.node.console import GONE
from outrig.node.program.piped import SIGNAL, TAKEN, WINDOW

if TYPE_CHECKING:
    from outrig.model.console import Program
    from outrig.testing.providers import Held
    from outrig_local.provider import LocalProvider

JOINED_S = 60.0


def start(provider: LocalProvider, held: Held, script: str, **variables: str) -> Program:
    request = ConsoleRequest(
        session_id=held.session_id,
        node=held.head,
        argv=("sh", "-c", script),
        variables=variables,
    )
    return provider.program(request)


def read_all(program: Program) -> dict[Stream, bytes]:
    seen = {Stream.OUT: b"", Stream.ERR: b""}
    while part := program.read():
        seen[part[0]] += part[1]
    return seen


def test_it_has_pipes_in_the_work_directory(provider: LocalProvider, held: Held) -> None:
    held.sync({"here.txt": "x"})
    script = 'test -t 0 || test -t 1 || echo none; ls; echo "$MINE" >&2; exit 7'
    program = start(provider, held, script, MINE="mine")
    assert read_all(program) == {Stream.OUT: b"none\nhere.txt\n", Stream.ERR: b"mine\n"}
    assert program.close() == 7


def test_input_arrives_to_its_end(provider: LocalProvider, held: Held) -> None:
    held.sync({})
    program = start(provider, held, "cat; echo over >&2")
    program.write(b"\x00\xff\r\n")
    program.finish()
    assert read_all(program) == {Stream.OUT: b"\x00\xff\r\n", Stream.ERR: b"over\n"}
    assert program.close() == 0


def test_much_goes_through_both_ways_at_once(provider: LocalProvider, held: Held) -> None:
    held.sync({})
    program = start(provider, held, "cat")
    block, count = bytes(range(256)) * 4096, 5 * WINDOW // (1 << 20)

    def feed() -> None:
        for _ in range(count):
            program.write(block)
        program.finish()

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    digest, size = hashlib.sha256(), 0
    while part := program.read():
        digest.update(part[1])
        size += len(part[1])
    feeder.join(JOINED_S)
    assert size == count * len(block)
    assert digest.digest() == hashlib.sha256(block * count).digest()
    assert program.close() == 0


def test_one_that_reads_nothing_keeps_nobody_waiting(provider: LocalProvider, held: Held) -> None:
    held.sync({})
    deaf = start(provider, held, "echo ready; exec sleep 600")
    assert deaf.read() == (Stream.OUT, b"ready\n")
    stuck = threading.Thread(target=deaf.write, args=(bytes(3 * WINDOW),), daemon=True)
    stuck.start()
    other = start(provider, held, "echo through")
    assert read_all(other)[Stream.OUT] == b"through\n"
    assert stuck.is_alive()
    assert deaf.close() == 128 + signal.SIGHUP
    stuck.join(JOINED_S)
    assert not stuck.is_alive()


def test_output_nobody_reads_keeps_nobody_waiting(provider: LocalProvider, held: Held) -> None:
    held.sync({})
    loud = start(provider, held, "exec yes")
    first = loud.read()
    assert first is not None
    other = start(provider, held, "echo through")
    assert read_all(other)[Stream.OUT] == b"through\n"
    assert loud.close() == 128 + signal.SIGHUP


def test_one_that_ends_takes_no_more_input(provider: LocalProvider, held: Held) -> None:
    held.sync({})
    program = start(provider, held, "head -c 1; exec 0<&- 1>&- ; exit 3")
    program.write(b"abc")
    assert read_all(program)[Stream.OUT] == b"a"
    program.write(bytes(3 * WINDOW))
    assert program.close() == 3


def test_signals_reach_it(provider: LocalProvider, held: Held) -> None:
    held.sync({})
    script = "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.05; done"
    program = start(provider, held, script)
    assert program.read() == (Stream.OUT, b"ready\n")
    program.signal(signal.SIGINT)
    assert b"interrupted" in read_all(program)[Stream.OUT]
    assert program.close() == 9


def test_what_heeds_no_hang_up_is_killed_in_time(provider: LocalProvider, held: Held) -> None:
    held.sync({})
    program = start(provider, held, "trap '' HUP TERM; echo ready; while :; do sleep 0.1; done")
    assert program.read() == (Stream.OUT, b"ready\n")
    assert program.close() == 128 + signal.SIGKILL


def test_nonsense_from_a_client_ends_the_program_alone(provider: LocalProvider, held: Held) -> None:
    held.sync({})
    program = start(provider, held, "echo ready; exec sleep 600")
    assert program.read() == (Stream.OUT, b"ready\n")
    exchange = program._exchange  # type: ignore[attr-defined]
    exchange.send(b"?unknown")
    exchange.send(SIGNAL)
    assert program.close() == 128 + signal.SIGHUP
    assert read_all(start(provider, held, "echo well"))[Stream.OUT] == b"well\n"
    assert TAKEN != SIGNAL


def test_where_there_is_no_session_nothing_starts(provider: LocalProvider, held: Held) -> None:
    held.end()
    program = start(provider, held, "true")
    with pytest.raises(NotFoundError, match="is not on this node"):
        program.read()
    program.write(b"into the void")
    assert program.close() == GONE


def test_one_whose_node_is_lost_is_closed_at_once(provider: LocalProvider, held: Held) -> None:
    held.sync({})
    program = start(provider, held, "echo ready; exec sleep 600")
    assert program.read() == (Stream.OUT, b"ready\n")
    provider.close()
    with pytest.raises(RemoteError, match="lost the node program"):
        program.read()
    program.write(b"into the void")
    assert program.close() == GONE


def test_it_is_closed_while_another_thread_reads(provider: LocalProvider, held: Held) -> None:
    held.sync({})
    program = start(provider, held, "echo ready; exec sleep 600")
    assert program.read() == (Stream.OUT, b"ready\n")
    ended: list[object] = []
    reader = threading.Thread(target=lambda: ended.append(program.read()), daemon=True)
    reader.start()
    assert program.close() == 128 + signal.SIGHUP
    reader.join(JOINED_S)
    assert ended == [None]
