"""The ways into a session: forwards with an answer where nobody listens, programs, use."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from outrig.api import ConsoleRequest, Outrig
from outrig.errors import ConflictError, Interrupted, RemoteError, UsageError
from outrig.model.run import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig.api import Session
    from outrig.session.forward import Forward
    from outrig.testing.fixtures import ProjectMaker

WAIT_S = 60.0
REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


@contextlib.contextmanager
def served(outrig: Outrig, forward: Forward) -> Iterator[int]:
    """Serve a forward in another thread, and yield its port."""

    def serve() -> None:
        with contextlib.suppress(Interrupted):
            forward.serve()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield forward.port
    finally:
        outrig.cancel.set()
        thread.join(WAIT_S)
    assert not thread.is_alive()


@contextlib.contextmanager
def echo_server() -> Iterator[int]:
    """Answer one connection with what it says, at a port of this computer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    while data := connection.recv(65536):
                        connection.sendall(data.upper())

        threading.Thread(target=answer, daemon=True).start()
        yield int(listener.getsockname()[1])


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def said(port: int, text: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_forward_leads_there_and_both_ends_end_on_their_own(
    outrig: Outrig, session: Session
) -> None:
    with echo_server() as there, served(outrig, outrig.forward(session, (0, there))) as here:
        assert said(here, b"hello") == b"HELLO"


def test_an_open_connection_is_use(outrig: Outrig, session: Session, outrig_home: Path) -> None:
    outrig.in_use(session)
    (touched,) = outrig_home.rglob(f"s/{session.id}/touched")
    before = touched.read_text()
    with (
        echo_server() as there,
        served(outrig, outrig.forward(session, (0, there))) as here,
        socket.create_connection(("127.0.0.1", here), timeout=WAIT_S) as connection,
    ):
        deadline = time.monotonic() + WAIT_S
        while touched.read_text() == before and time.monotonic() < deadline:
            time.sleep(0.02)
        connection.sendall(b"still there")
        assert connection.recv(100) == b"STILL THERE"
    assert float(touched.read_text()) > float(before)


def test_where_nobody_listens_the_refusal_is_the_answer(outrig: Outrig, session: Session) -> None:
    forward = outrig.forward(session, (0, free_port()), refusal=REFUSAL)
    with served(outrig, forward) as here:
        assert said(here, b"GET / HTTP/1.1\r\n\r\n") == REFUSAL


def test_without_a_refusal_the_connection_just_ends(outrig: Outrig, session: Session) -> None:
    with served(outrig, outrig.forward(session, (0, free_port()))) as here:
        assert said(here, b"hello") == b""


def test_a_port_of_another_address_that_cannot_be_taken_is_said(
    outrig: Outrig, session: Session
) -> None:
    with pytest.raises(UsageError, match=r"port 0 of 203\.0\.113\.9 cannot be taken"):
        outrig.forward(session, (0, 80), host="203.0.113.9")


def test_a_port_is_reached_directly_too(outrig: Outrig, session: Session) -> None:
    with echo_server() as there:
        stream = outrig.connect(session, there)
        stream.write(b"hello")
        stream.finish()
        assert stream.read(100) == b"HELLO"
        stream.close()
    with pytest.raises(RemoteError, match="refused"):
        outrig.connect(session, free_port())


def test_a_program_is_talked_with(outrig: Outrig, session: Session) -> None:
    words = ("sh", "-c", "ls; cat; exit 4")
    program = outrig.program(
        session, ConsoleRequest(session_id=session.id, node=session.nodes[0], argv=words)
    )
    program.write(b"typed")
    program.finish()
    seen = b""
    while part := program.read():
        assert part[0] is Stream.OUT
        seen += part[1]
    assert (seen, program.close()) == (b"here.txt\noutrig.yaml\ntyped", 4)


def test_use_is_told_to_the_node(outrig: Outrig, session: Session, outrig_home: Path) -> None:
    outrig.in_use(session)
    (touched,) = outrig_home.rglob(f"s/{session.id}/touched")
    before = float(touched.read_text())
    outrig.in_use(session)
    assert float(touched.read_text()) > before


def test_a_session_that_has_ended_has_no_ways_in(outrig: Outrig, project: ProjectMaker) -> None:
    root = project({"outrig.yaml": {"name": "p"}})
    ended = outrig.stop(outrig.start(outrig.request(outrig.project(root), name="gone")))
    with pytest.raises(ConflictError, match="gone"):
        outrig.connect(ended, 80)
