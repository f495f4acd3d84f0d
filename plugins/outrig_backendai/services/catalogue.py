"""Which services a session has, and what each can be told when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession

HTTP, TCP, PREOPEN = "http", "tcp", "preopen"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SSHD, TTYD, JUPYTER = "sshd", "ttyd", "jupyter"
_PYTHONS = ("python", "python-tensorflow", "python-pytorch", "jupyter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Something in a session that clients connect to; `ports` as sessions name them."""

    name: str
    protocol: str
    ports: tuple[int, ...]
    arguments: tuple[tuple[str, str], ...] = ()
    """What `--arg` takes, and what it does."""
    variables: tuple[tuple[str, str], ...] = ()
    """What `-e` takes, and what it does."""


_INTRINSIC = (
    Service(name=SSHD, protocol=TCP, ports=(2200,)),
    Service(
        name=TTYD,
        protocol=HTTP,
        ports=(7681,),
        variables=(("NAME=VALUE", "a variable of the shell"),),
    ),
)
_JUPYTER = Service(
    name=JUPYTER,
    protocol=HTTP,
    ports=(8070,),
    arguments=(("--OPTION VALUE", "any option of `jupyter lab`"),),
    variables=(
        ("NAME=VALUE", "a variable of the server and its kernels"),
        ("JUPYTER_REQUIREMENT", "what pip installs when there is no Jupyter: jupyterlab ipykernel"),
    ),
)


def services_of(session: ComputeSession) -> tuple[Service, ...]:
    """Return the services that a session has, the intrinsic ones first."""
    found = list(_INTRINSIC)
    if _has_python(session.image):
        found.append(_JUPYTER)
    ports = session.preopen_ports
    return (*found, *(Service(name=str(one), protocol=PREOPEN, ports=(one,)) for one in ports))


def _has_python(image: str) -> bool:
    name = image.rpartition("/")[2].partition(":")[0]
    return name.startswith(_PYTHONS)


def find_service(session: ComputeSession, name: str) -> Service:
    """Return a session's service of that name; raises `NotFoundError` with all there are."""
    services = services_of(session)
    for one in services:
        if one.name == name:
            return one
    has = ", ".join(one.name for one in services)
    raise NotFoundError(
        f'session "{session.name}" has no app "{name}" (has: {has})',
        hint="ports of your own: start the session with --preopen PORT",
    )
