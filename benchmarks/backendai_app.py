"""`bai app`: what comes through it, beside a plain TCP proxy and `ssh -L`."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from benchmarks.measure import Case
from benchmarks.place import BIN
from benchmarks.table import Comparison, Table, render

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.place import Place

MIB = 500
SESSION = "bench-app"
START_S = 60
TEXT = (
    f"{MIB} MiB from a program of a session on this computer, through a local port. The plain "
    "proxy is a thread of Python for each direction; the machine of `ssh -L` is this one. What the "
    "receiving program takes is part of all."
)
_SEND = f"""import socket, sys, threading
block = bytes(1 << 20)
def send(one):
    with one:
        one.recv(1)
        for _ in range({MIB}):
            one.sendall(block)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        threading.Thread(target=send, args=(listener.accept()[0],), daemon=True).start()
"""
_RECEIVE = f"""import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as one:
    one.sendall(b"x")
    size, buffer = 0, bytearray(1 << 18)
    while count := one.recv_into(buffer):
        size += count
assert size == {MIB} << 20, size
"""
_PROXY = """import socket, sys, threading
def lead(one, other):
    while data := one.recv(1 << 16):
        other.sendall(data)
    other.shutdown(socket.SHUT_WR)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        one = listener.accept()[0]
        other = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
        for pair in ((one, other), (other, one)):
            threading.Thread(target=lead, args=pair, daemon=True).start()
"""


def bai_app(place: Place, rounds: int) -> str:
    """Return the table as Markdown."""
    outrig = str(BIN / "outrig")
    there, plain, ours, ssh, sshd = _free_ports(5)
    place.do(outrig, "bai", "start", "-t", SESSION, "--preopen", str(there), "python")
    app = [outrig, "bai", "app", "-p", "tcp", "-b", str(ours), SESSION, str(there)]

    def case(name: str, port: int) -> Case:
        argv = [sys.executable, "-c", _RECEIVE, str(port)]
        return Case(name=name, argv=argv, cwd=place.root, variables=place.variables)

    with ExitStack() as stack:
        stack.callback(place.do, outrig, "bai", "rm", SESSION)
        for words, port in (
            ([sys.executable, "-c", _SEND, str(there)], there),
            ([sys.executable, "-c", _PROXY, str(plain), str(there)], plain),
            (app, ours),
        ):
            stack.enter_context(_listening(words, port, place))
        mine = case("`bai app -p tcp`", ours)
        comparisons = [Comparison(ours=mine, against=case("a plain TCP proxy", plain))]
        if shutil.which("sshd") and shutil.which("ssh-keygen"):
            for words, port in _ssh(place.root / "app-ssh", ssh, sshd, there):
                stack.enter_context(_listening(words, port, place))
            comparisons.append(Comparison(ours=mine, against=case("`ssh -L`", ssh)))
        title = "Backend.AI: a port of a session"
        return render(Table(title=title, text=TEXT, comparisons=comparisons, rounds=rounds))


def _ssh(at: Path, here: int, sshd: int, there: int) -> Iterator[tuple[list[str], int]]:
    """Yield the words of an SSH server of this computer's, and of a way through it."""
    at.mkdir(mode=0o700)
    key = at / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    server = [str(shutil.which("sshd")), "-D", "-f", "/dev/null", "-p", str(sshd), "-h", str(key)]
    options = ("StrictModes=no", "UsePAM=no", "PidFile=none", f"AuthorizedKeysFile={key}.pub")
    yield [*server, *(word for one in options for word in ("-o", one))], sshd
    way = ["ssh", "-F", "none", "-N", "-i", str(key), "-p", str(sshd), "-o", "BatchMode=yes"]
    way += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    yield [*way, "-L", f"127.0.0.1:{here}:127.0.0.1:{there}", "127.0.0.1"], here


@contextmanager
def _listening(words: Sequence[str], port: int, place: Place) -> Iterator[None]:
    """Run a program while the block runs, and wait until it listens."""
    process = subprocess.Popen(
        words,
        env={**os.environ, **place.variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(process, port)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(START_S)


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port)):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens at {port}: {process.args!r}")


def _free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in taken]
    for one in taken:
        one.close()
    return ports
