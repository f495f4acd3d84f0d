"""What is to be done on a node before Ray starts there, and what of it is done already.

As with the layers of an image, a step is done again when it or anything before it has changed: its
digest is made of its own text and the digest of the step before.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig_ray.clusters.script import login_shell, mount_script, ray_overrides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrig.api import ClusterFile, NodeGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what it is called, its shell text, and the digest by which a node knows it."""

    title: str
    script: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """A mount as it lies in the session's work directory."""

    remote: str
    source: str
    directory: bool
    digest: str


def node_steps(
    group: NodeGroup,
    mounts: Sequence[Mounted],
    variables: Mapping[str, str],
    *,
    plain: bool = False,
) -> tuple[Step, ...]:
    """Return the steps of a node, in order."""
    digest = ""
    found = []
    for title, script, identity in _all(group, mounts, variables, plain):
        digest = hashlib.sha256(f"{digest}\n{identity}".encode()).hexdigest()[:32]
        found.append(Step(title=title, script=script, digest=digest))
    return tuple(found)


def _all(
    group: NodeGroup, mounts: Sequence[Mounted], variables: Mapping[str, str], plain: bool
) -> Iterator[tuple[str, str, str]]:
    for mount in mounts:
        script = mount_script(mount.remote, mount.source, directory=mount.directory)
        yield f"copy {mount.remote}", script, f"{script}\n{mount.digest}"
    lists = (
        ("initialization", group.commands.initialization),
        ("setup", group.commands.setup),
    )
    for kind, commands in lists:
        for number, command in enumerate(commands, 1):
            script = login_shell(command, variables, plain=plain)
            yield f"{kind} {number}/{len(commands)}: {first_line(command)}", script, script


def start_digest(group: NodeGroup, variables: Mapping[str, str]) -> str:
    """Return what changes when Ray has to be started anew: not with the content of mounts."""
    commands = group.commands
    parts = (
        commands.initialization,
        commands.setup,
        commands.start,
        sorted({**variables, **ray_overrides(group.resources, group.labels)}.items()),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def first_line(text: str, limit: int = 70) -> str:
    """Return the first line of a command, shortened."""
    line, _, more = text.strip().partition("\n")
    short = line if len(line) <= limit else line[: limit - 1] + "…"
    return f"{short} …" if more and short == line else short


def head_address(cluster: ClusterFile, node_address: str) -> str:
    """Return where workers find the head."""
    return cluster.head_address or node_address
