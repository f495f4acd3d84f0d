"""What is to be done on a node before Ray starts there, and what of it is done already.

As with the layers of an image, a step is done again when it or anything before it has changed: its
digest is made of its own text and the digest of the step before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrig_ray.clusters.container import (
    copy_script,
    inside,
    is_done,
    note_done,
    start_script,
)
from outrig_ray.clusters.script import login_shell, mount_script, ray_overrides

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from outrig.api import ClusterContainer, ClusterFile, NodeGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what it is called, its shell text, and the digest by which a node knows it.

    `always` is done each time, and says nothing. `check` is shell text that succeeds where it was
    done, `note` what notes that; without them the session's directory tells.
    """

    title: str
    script: str
    digest: str
    check: str = ""
    note: str = ""
    always: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """A mount as it lies in the session's work directory."""

    remote: str
    source: str
    directory: bool
    digest: str

    @property
    def script(self) -> str:
        """What copies it to its place on the node itself."""
        return mount_script(self.remote, self.source, directory=self.directory)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the steps of a node are made for: its session, its variables, which shells."""

    session: str
    variables: Mapping[str, str]
    plain: bool = False


def node_steps(group: NodeGroup, mounts: Sequence[Mounted], place: Place) -> tuple[Step, ...]:
    """Return the steps of a node, in order."""
    if group.container is not None:
        return _in_container(group, group.container, mounts, place)
    copies = [(f"copy {one.remote}", one.script, f"{one.script}\n{one.digest}") for one in mounts]
    commands = group.commands
    steps = [
        *copies,
        *_commands("initialization", commands.initialization, place),
        *_commands("setup", commands.setup, place),
    ]
    return tuple(_chained(steps))


def _in_container(
    group: NodeGroup, container: ClusterContainer, mounts: Sequence[Mounted], place: Place
) -> tuple[Step, ...]:
    """Return the steps where all but the first ones are done in a container, which knows them."""
    first = [*_chained(_commands("initialization", group.commands.initialization, place))]
    start = start_script(container, place.session)
    title = f"container {container.name} of {container.image}"
    made = Step(title=title, script=start, digest="container", note="true", always=True)
    copies = []
    for one in mounts:
        script = copy_script(
            container, place.session, one.remote, one.source, directory=one.directory
        )
        copies.append((f"copy {one.remote}", script, f"{one.script}\n{one.digest}"))
    setup = [
        (title, inside(container, script), identity)
        for title, script, identity in _commands("setup", group.commands.setup, place)
    ]
    then = [
        replace(one, check=is_done(container, one.digest), note=note_done(container, one.digest))
        for one in _chained([*copies, *setup], repr(container))
    ]
    return (*first, made, *then)


def _chained(steps: Iterable[tuple[str, str, str]], digest: str = "") -> Iterator[Step]:
    for title, script, identity in steps:
        digest = hashlib.sha256(f"{digest}\n{identity}".encode()).hexdigest()[:32]
        yield Step(title=title, script=script, digest=digest)


def _commands(kind: str, commands: Sequence[str], place: Place) -> Iterator[tuple[str, str, str]]:
    for number, command in enumerate(commands, 1):
        script = login_shell(command, place.variables, plain=place.plain)
        yield f"{kind} {number}/{len(commands)}: {first_line(command)}", script, script


def start_digest(group: NodeGroup, variables: Mapping[str, str]) -> str:
    """Return what changes when Ray has to be started anew: not with the content of mounts."""
    commands = group.commands
    parts = (
        commands.initialization,
        commands.setup,
        commands.start,
        repr(group.container) if group.container is not None else "",
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
