"""Consoles: a real terminal in the work directory, with window size, signals and job control."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from outrig.errors import NotFoundError
from outrig.model.console import ConsoleRequest, Size
from outrig.node.program.console import RESIZE

if TYPE_CHECKING:
    from outrig.model.console import Console
    from outrig.testing.providers import Held
    from outrig_local.provider import LocalProvider


def open_console(provider: LocalProvider, held: Held, *argv: str, **variables: str) -> Console:
    request = ConsoleRequest(
        session_id=held.session_id,
        node=held.head,
        argv=argv,
        size=Size(columns=101, rows=31),
        variables=variables,
    )
    return provider.console(request)


def read_until(console: Console, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        data = console.read()
        assert data, seen
        seen += data
    return seen


def read_all(console: Console) -> bytes:
    seen = b""
    while data := console.read():
        seen += data
    return seen


def test_it_has_a_terminal_in_the_work_directory(provider: LocalProvider, held: Held) -> None:
    held.sync({"here.txt": "x"})
    script = 'test -t 0 && test -t 1 && ls && stty size && echo "$MINE $OUTRIG_SESSION"; exit 7'
    console = open_console(provider, held, "sh", "-c", script, MINE="mine")
    lines = read_all(console).decode().splitlines()
    assert lines == ["here.txt", "31 101", f"mine {held.session_id}"]
    assert console.close() == 7


def test_what_is_typed_arrives_and_the_window_changes(provider: LocalProvider, held: Held) -> None:
    script = "trap 'stty size' WINCH; echo ready; read a; echo got $a; read b; exit 3"
    console = open_console(provider, held, "bash", "-c", script)
    read_until(console, b"ready")
    console.resize(Size(columns=120, rows=50))
    console.write(b"typed\n")
    assert b"got typed" in read_until(console, b"got typed")
    console.write(b"end\n")
    read_all(console)
    assert console.close() == 3


def test_ctrl_c_interrupts_the_program_and_not_the_shell(
    provider: LocalProvider, held: Held
) -> None:
    console = open_console(provider, held, "bash", "--norc", "--noprofile", "-i", PS1="> ")
    read_until(console, b"> ")
    console.write(b"sh -c 'echo going; exec sleep 600'\n")
    read_until(console, b"\ngoing")
    console.write(b"\x03")
    read_until(console, b"> ")
    console.write(b"echo rc=$?\n")
    assert b"rc=130" in read_until(console, b"rc=130")
    console.write(b"sleep 600 & jobs; kill %1; exit 4\n")
    assert b"Running" in read_all(console)
    assert console.close() == 4


def test_closing_it_hangs_up(provider: LocalProvider, held: Held) -> None:
    console = open_console(provider, held, "bash", "-c", "echo ready; sleep 600")
    read_until(console, b"ready")
    assert console.close() == 129


def test_what_heeds_no_hang_up_is_killed(provider: LocalProvider, held: Held) -> None:
    script = "trap '' HUP TERM; echo ready; while :; do sleep 0.1; done"
    console = open_console(provider, held, "bash", "-c", script)
    read_until(console, b"ready")
    assert console.close() == 137


def test_without_a_program_it_is_the_login_shell(
    provider: LocalProvider, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.close()
    monkeypatch.setenv("SHELL", "/bin/sh")
    console = open_console(provider, held)
    console.write(b"echo $0; exit 5\n")
    assert b"/bin/sh" in read_all(console)
    assert console.close() == 5


def test_a_program_that_is_not_there_is_said(provider: LocalProvider, held: Held) -> None:
    console = open_console(provider, held, "there-is-no-such-program")
    assert b"there-is-no-such-program: No such file or directory" in read_all(console)
    assert console.close() == 127


def test_a_session_that_is_not_there_is_said(provider: LocalProvider, held: Held) -> None:
    held.end()
    console = open_console(provider, held, "true")
    with pytest.raises(NotFoundError, match="is not on this node"):
        console.read()


def test_nonsense_for_a_size_is_ignored(provider: LocalProvider, held: Held) -> None:
    console = open_console(provider, held, "sh", "-c", "read line; echo $line")
    exchange = console._exchange  # type: ignore[attr-defined]
    exchange.send(RESIZE + struct.pack(">H", 5))
    exchange.send(b"?unknown")
    console.write(b"still here\n")
    assert read_all(console).endswith(b"still here\r\n")
    assert console.close() == 0
