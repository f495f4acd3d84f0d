"""Where the containers of a session reach one another.

On one computer each has an address of its own among those that lead to the machine itself
(127.0.0.0/8), so that several may serve the same port. Elsewhere it is their node's.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from outrig.api import NewRun, Stream
from outrig.errors import RemoteError
from outrig_backendai.compute.places import is_here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import Session
    from outrig_backendai.compute.record import ComputeSession, Kernel
    from outrig_backendai.compute.sessions import Compute

_ASK = """exec "${OUTRIG_PYTHON:-python3}" -IS -c '
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
    try:
        asking.connect(("192.0.2.1", 9))
        print(asking.getsockname()[0])
    except OSError:
        try:
            print(socket.gethostbyname(socket.gethostname()))
        except OSError:
            print("127.0.0.1")
'"""
"""Asks for the address from which packets leave (none is sent), or that of the node's name."""


def with_addresses(
    compute: Compute, session: ComputeSession, there: Sequence[Session]
) -> tuple[Kernel, ...]:
    """Return a session's kernels, whose Outrig sessions are given, with their addresses."""
    if len(there) == 1:
        return session.kernels
    if all(is_here(compute, one) for one in there):
        addresses = [_own(session, number) for number in range(1, len(there) + 1)]
    else:
        addresses = [_of_node(compute, one) for one in there]
        if any(ip_address(one).is_loopback for one in addresses):
            compute.outrig.observer.notice(
                f"{session.name}: a node knows no address by which others reach it"
            )
    pairs = zip(session.kernels, addresses, strict=True)
    return tuple(replace(kernel, address=address) for kernel, address in pairs)


def _own(session: ComputeSession, number: int) -> str:
    """Return an address of this computer that hardly any other session has."""
    seed = int(session.id[:4], 16)
    return f"127.{1 + seed % 254}.{1 + seed // 256 % 254}.{number}"


def _of_node(compute: Compute, there: Session) -> str:
    node = there.nodes[0]
    for known in (node.data.get("private", ""), node.address):
        try:
            return str(ip_address(known))
        except ValueError:
            continue
    outrig = compute.outrig
    run = outrig.wait(there, outrig.execute(there, [NewRun(script=_ASK, command="address")]))[0]
    said = b""
    if run.ref is not None:
        said = outrig.runtime.executor(there).read_log(run.ref, Stream.OUT, 0, 1000).data
    try:
        return str(ip_address(said.decode("ascii", "replace").strip()))
    except ValueError:
        raise RemoteError(f"{node.id} does not know its own address") from None
