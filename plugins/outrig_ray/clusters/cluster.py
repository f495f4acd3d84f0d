"""A cluster: a session that was started from a cluster file."""

from __future__ import annotations

import difflib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import ClusterFile, Session
from outrig.errors import ConflictError, NotFoundError

if TYPE_CHECKING:
    from outrig.api import ClusterContainer, Node, Outrig

PROJECT = "ray-clusters"
"""The project that the sessions of all clusters belong to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A running cluster; `file` is what it was made from, as far as that is still there."""

    session: Session
    file: ClusterFile | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.session.name

    @property
    def head(self) -> Node:
        """The head node; raises `ConflictError` when there is none (yet)."""
        if not self.session.nodes:
            raise ConflictError(
                f'cluster "{self.name}" has no head node: it is {self.session.state.value}',
                hint="start it: outrig ray up FILE",
            )
        return self.session.nodes[0]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, the head first."""
        return self.session.nodes

    def container(self, node: Node) -> ClusterContainer | None:
        """Return the container in which commands run on a node, `None` for the node itself."""
        return None if self.file is None else self.file.group(node.rank).container

    @property
    def workers(self) -> tuple[Node, ...]:
        """The worker nodes."""
        return self.session.nodes[1:]


def home_of(outrig: Outrig, name: str) -> Path:
    """Return the directory where a cluster's own files are kept on this computer."""
    return Path(outrig.state.directory) / "clusters" / name


def clusters(outrig: Outrig) -> list[Cluster]:
    """Return all clusters that have not been taken down, newest first."""
    return [Cluster(session=one) for one in outrig.sessions(PROJECT)]


def find_cluster(outrig: Outrig, named: str | None, name: str | None = None) -> Cluster:
    """Return the cluster of a cluster file, or of a name; without either the only one there is.

    `name` stands over the name in the file. Raises `NotFoundError`, and `ProjectFileError` when the
    file is wrong.
    """
    live = outrig.sessions(PROJECT)
    file = None
    if named is not None and Path(named).expanduser().is_file():
        file = _read(Path(named), name, None)
        wanted = file.name
    elif named is not None and ("/" in named or named.endswith((".yaml", ".yml"))):
        raise NotFoundError(f"there is no cluster file {named}")
    else:
        wanted = name or named or _only(live)
    found = next((one for one in live if one.name == wanted), None)
    if found is None:
        raise _missing(wanted, [one.name for one in live])
    return Cluster(session=found, file=file or kept_file(outrig, found.name))


def _only(live: list[Session]) -> str:
    if len(live) == 1:
        return live[0].name
    names = ", ".join(one.name for one in live)
    if live:
        raise NotFoundError(f"there are several clusters: {names}", hint="name one")
    raise NotFoundError("there is no cluster", hint="start one: outrig ray up FILE")


def _missing(wanted: str, names: list[str]) -> NotFoundError:
    near = difflib.get_close_matches(wanted, names, 1)
    hint = f'did you mean "{near[0]}"?' if near else "start it: outrig ray up FILE"
    return NotFoundError(f'cluster "{wanted}" is not running', hint=hint)


def kept_file(outrig: Outrig, name: str) -> ClusterFile | None:
    """Return the cluster file as it was when the cluster was last brought up."""
    home = home_of(outrig, name)
    path, base = home / "cluster.yaml", home / "base"
    if not path.is_file() or not base.is_file():
        return None
    return _read(path, name, Path(base.read_text()))


def _read(path: Path, name: str | None, base: Path | None) -> ClusterFile:
    from outrig.api import (
        ClusterOverrides,
        load_cluster_file,
    )  # YAML, which lists need not wait for

    return load_cluster_file(path, ClusterOverrides(name=name, base=base))


def keep_file(outrig: Outrig, cluster: ClusterFile) -> Path:
    """Keep a copy of the cluster file, as a project of its own, so that it is found by name."""
    home = home_of(outrig, cluster.name)
    home.mkdir(parents=True, exist_ok=True)
    aside = home / "cluster.yaml.new"
    shutil.copyfile(cluster.path, aside)
    aside.replace(home / "cluster.yaml")
    project = f"name: {json.dumps(cluster.name)}\ncluster: cluster.yaml\n"
    (home / "outrig.yaml").write_text(project)
    (home / "base").write_text(str(cluster.path.parent))
    return home


def forget_file(outrig: Outrig, name: str) -> None:
    """Remove what is kept of a cluster that was taken down."""
    shutil.rmtree(home_of(outrig, name), ignore_errors=True)
