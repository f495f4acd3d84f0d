"""What nodes have before Ray is started there: which Ray, which Python, which ports are free."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outrig.api import NewRun, Node, RunStatus, Stream
from outrig.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import Outrig, Run, Session

PORTS = {"gcs": 6379, "dashboard": 8265, "agent": 52365, "client": 10001}
"""Ray's usual ports, which are taken where they are free."""
_MOST_TEXT = 65536
_MARK = "outrig-survey "
_PROGRAM = """
import importlib.metadata as metadata, json, platform, socket, subprocess, sys
held = []
def port(usual):
    for wanted in (usual, 0):
        one = socket.socket()
        try:
            one.bind(("", wanted))
        except OSError:
            one.close()
            continue
        held.append(one)
        return one.getsockname()[1]
def is_own(address):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        one.bind((address, 0))
        return not address.startswith("127.")
    except OSError:
        return False
    finally:
        one.close()
def routed():
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        one.connect(("192.0.2.1", 9))
        return [one.getsockname()[0]]
    except OSError:
        return []
    finally:
        one.close()
def resolved(name):
    try:
        return [one[4][0] for one in socket.getaddrinfo(name, None, socket.AF_INET)]
    except OSError:
        return []
def ray():
    try:
        return metadata.version("ray")
    except metadata.PackageNotFoundError:
        pass
    try:
        said = subprocess.run(["ray", "--version"], capture_output=True, text=True).stdout
    except OSError:
        return None
    return (said.split() or [None])[-1]
names = [*resolved(sys.argv[1]), *routed(), *resolved(socket.gethostname())]
print("MARK" + json.dumps({
    "ray": ray(), "python": platform.python_version(),
    "address": next((one for one in names if is_own(one)), None),
    "ports": {name: port(usual) for name, usual in json.loads(sys.argv[2]).items()},
}))
"""
_RUN = """\
python=$(command -v python || command -v python3) || {{ echo 'there is no Python here'; exit 1; }}
exec "$python" -c {program} {host} {ports}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """What one node has; `address` is where other nodes may find it, `None` if that is not known.

    `ray` is Ray's version, `None` where there is no Ray.
    """

    node: Node
    ray: str | None
    python: str
    address: str | None
    ports: dict[str, int]


def survey(outrig: Outrig, session: Session) -> list[Surveyed]:
    """Ask all nodes at once, in the session's environment; the head comes first.

    Raises `RemoteError`, `Interrupted`.
    """
    head = session.nodes[0]
    host = head.data.get("private") or head.address or head.id
    script = _RUN.format(
        program=shlex.quote(_PROGRAM.replace("MARK", _MARK)),
        host=shlex.quote(host),
        ports=shlex.quote(json.dumps(PORTS)),
    )
    wanted = NewRun(script=script, command="ray-survey", on="all", beside=True)
    runs = outrig.wait(session, outrig.execute(session, [wanted]))
    found = [_of(outrig, session, one) for one in runs]
    return sorted(found, key=lambda one: one.node.rank)


def _of(outrig: Outrig, session: Session, run: Run) -> Surveyed:
    if run.ref is None:
        raise RemoteError(f"the run {run.id} was not started")
    control = outrig.runtime.executor(session)
    texts = [
        control.read_log(run.ref, one, 0, _MOST_TEXT).data.decode(errors="replace")
        for one in Stream
    ]
    node = run.ref.node
    lines = [one for one in texts[0].splitlines() if one.startswith(_MARK)]
    if run.state.status is not RunStatus.SUCCEEDED or not lines:
        said = " ".join("".join(texts).split())[-200:] or run.state.reason or "nothing"
        raise RemoteError(f"{node.id}: cannot be asked for its Ray: {said}")
    return _read(node, lines[-1].removeprefix(_MARK))


def _read(node: Node, text: str) -> Surveyed:
    """Read a node's answer, which may be anything."""
    try:
        said: dict[str, Any] = json.loads(text)
        return Surveyed(
            node=node,
            ray=None if said["ray"] is None else str(said["ray"])[:40],
            python=str(said["python"])[:40],
            address=None if said["address"] is None else str(said["address"])[:60],
            ports={name: int(said["ports"][name]) for name in PORTS},
        )
    except (ValueError, TypeError, KeyError) as err:
        raise RemoteError(f"{node.id}: what it says of its Ray is nonsense") from err


def check_versions(nodes: Sequence[Surveyed], wanted: str | None) -> None:
    """Raise `RemoteError` unless all nodes have one Ray, and that which is wanted, if one is."""
    without = ", ".join(one.node.id for one in nodes if one.ray is None)
    asked = f"ray[default]=={wanted}" if wanted else "ray[default]"
    hint = f"add {asked} to the file that environment.requirements names"
    if without:
        raise RemoteError(f"there is no Ray on {without}", hint=hint)
    others = [one for one in nodes if wanted and one.ray != wanted]
    if others:
        have = ", ".join(f"{one.node.id} has {one.ray}" for one in others)
        raise RemoteError(f"the project wants Ray {wanted}: {have}", hint=hint)
    if len({(one.ray, _minor(one.python)) for one in nodes}) > 1:
        have = ", ".join(f"{one.node.id} Ray {one.ray} on Python {one.python}" for one in nodes)
        raise RemoteError(
            f"the nodes have different versions: {have}",
            hint=f"one cluster needs the same on all: {hint}",
        )


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
