"""Reads Ray cluster files of every generation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError
from outrig.model.cluster import (
    ClusterCommands,
    ClusterContainer,
    ClusterFile,
    ClusterMount,
    NodeGroup,
)
from outrig.project.checking import check_shape
from outrig.project.cluster_checks import check_cluster, notices
from outrig.project.cluster_compute import cluster_compute, node_types
from outrig.project.cluster_keys import CLUSTER_FILE
from outrig.project.cluster_scaling import Scaling
from outrig.project.document import parse
from outrig.project.files import DiskFiles
from outrig.project.problem import ProjectFileError
from outrig.project.scalars import as_number
from outrig.project.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.project.cluster_compute import NodeType
    from outrig.project.document import Document

DEFAULT_NAME = "default"
CONTAINER = "ray_container"
_AUTOSCALING = "--autoscaling-config=~/ray_bootstrap_config.yaml"
HEAD_START = ("ray stop", f"ulimit -c unlimited; ray start --head --port=6379 {_AUTOSCALING}")
WORKER_START = ("ray stop", "ray start --address=$RAY_HEAD_IP:6379")
"""What Ray runs where a file does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterOverrides:
    """What a command line says over a cluster file.

    Mounts that are relative are below `base`, by default the file's own directory.
    """

    name: str | None = None
    min_workers: int | None = None
    max_workers: int | None = None
    base: Path | None = None


def load_cluster_file(path: Path, overrides: ClusterOverrides | None = None) -> ClusterFile:
    """Read a cluster file from the disk; raises `ProjectFileError`, `NotFoundError`."""
    path = path.expanduser()
    if not path.exists():
        raise NotFoundError(f"there is no cluster file {path}")
    files = DiskFiles(path.parent)
    document = parse(files.read(path.name), files.label(path.name))
    return cluster_of(document, path.absolute(), overrides, launches=True)


def cluster_of(
    document: Document,
    path: Path,
    overrides: ClusterOverrides | None = None,
    *,
    launches: bool = False,
) -> ClusterFile:
    """Return what a parsed cluster file says; raises `ProjectFileError` with all that is wrong.

    `launches` where Ray is to be started there: machines have its tags, and it may make more.
    """
    problems = [*document.problems, *check_shape(document, CLUSTER_FILE, ray_form=True)]
    problems += check_cluster(document)
    if problems:
        raise ProjectFileError(problems)
    reading = _Reading(Section(document.root), path, overrides or ClusterOverrides(), launches)
    return reading.cluster(document)


class _Reading:
    def __init__(
        self, top: Section, path: Path, overrides: ClusterOverrides, launches: bool
    ) -> None:
        self._top = top
        self._path = path
        self._overrides = overrides
        self._scaling = Scaling(top, node_types(top, overrides.min_workers), overrides.max_workers)
        self._launches = launches
        self._types = self._scaling.types() if launches else self._scaling.given

    def cluster(self, document: Document) -> ClusterFile:
        top, provider = self._top, self._top.section("provider")
        minutes = top.text("idle_timeout_minutes")
        name = self._overrides.name or top.text("cluster_name") or DEFAULT_NAME
        most = self._overrides.max_workers
        return ClusterFile(
            name=name,
            path=self._path,
            compute=cluster_compute(top, self._types, name if self._launches else None),
            head=self._head(),
            workers=tuple(self._worker(one) for one in self._types.workers),
            mounts=tuple(self._mounts()),
            synced=_texts(top, "cluster_synced_files"),
            exclude=_texts(top, "rsync_exclude"),
            filters=_texts(top, "rsync_filter"),
            head_address=provider.text("head_ip") if provider.get("external_head_ip") else None,
            max_workers=top.whole("max_workers") if most is None else most,
            idle_s=60 * as_float(minutes) if minutes else None,
            keeps_nodes=provider.flag("cache_stopped_nodes"),
            scaling=self._scaling.file(name) if self._launches else None,
            notices=(*notices(document), *self._fixed(document)),
        )

    def _fixed(self, document: Document) -> Iterator[str]:
        """Say where a file asks for more nodes, or names more, than there will be."""
        count, top = self._types.count - 1, self._top
        fixed = "there is 1 worker" if count == 1 else f"there are {count} workers"
        yield from self._scaling.notices(document.file)
        hosts = len(top.section("provider").scalars("worker_ips"))
        if hosts > count:
            yield f"{document.file}: worker_ips names {hosts} hosts; by min_workers {fixed}"

    def _head(self) -> NodeGroup:
        kind, top = self._types.head, self._top
        setup = _texts(top, "setup_commands") + _texts(top, "head_setup_commands")
        return replace(
            _group(kind),
            count=1,
            container=self._container(kind, "head"),
            commands=ClusterCommands(
                initialization=self._initialization(kind),
                setup=setup,
                start=_given(top, "head_start_ray_commands", HEAD_START),
            ),
        )

    def _worker(self, kind: NodeType) -> NodeGroup:
        top = self._top
        own = kind.section.get("worker_setup_commands")
        setup = _texts(kind.section if own else top, "worker_setup_commands")
        return replace(
            _group(kind),
            container=self._container(kind, "worker"),
            commands=ClusterCommands(
                initialization=self._initialization(kind),
                setup=_texts(top, "setup_commands") + setup,
                start=_given(top, "worker_start_ray_commands", WORKER_START),
            ),
        )

    def _container(self, kind: NodeType, role: str) -> ClusterContainer | None:
        docker, own = self._top.section("docker"), kind.section.section("docker")
        image = own.text(f"{role}_image") or docker.text(f"{role}_image") or docker.text("image")
        if not image:
            return None
        pulls = own if own.get("pull_before_run") is not None else docker
        key = "pull_before_run" if pulls.get("pull_before_run") is not None else "pull"
        options = _texts(docker, "run_options") + _texts(docker, f"{role}_run_options")
        return ClusterContainer(
            image=image,
            name=docker.text("container_name") or CONTAINER,
            options=options + _texts(own, f"{role}_run_options"),
            engine="podman" if docker.flag("use_podman") else "docker",
            pulls=pulls.flag(key) or pulls.get(key) is None,
            finds_runtime=not docker.flag("disable_automatic_runtime_detection"),
            finds_shm=not docker.flag("disable_shm_size_detection"),
        )

    def _initialization(self, kind: NodeType) -> tuple[str, ...]:
        own = kind.section.get("initialization_commands")
        return _texts(kind.section if own else self._top, "initialization_commands")

    def _mounts(self) -> list[ClusterMount]:
        node = self._top.section("file_mounts").node
        pairs = () if node is None else node.pairs
        section = self._top.section("file_mounts")
        base = self._overrides.base or self._path.parent
        found = [(key.text, section.text(key.text) or "") for key, _ in pairs]
        return [
            ClusterMount(remote=remote, local=base / Path(local).expanduser())
            for remote, local in found
        ]


def _group(kind: NodeType) -> NodeGroup:
    resources, labels = kind.section.section("resources"), kind.section.section("labels")
    return NodeGroup(
        name=kind.name,
        count=kind.count,
        most=kind.section.whole("max_workers"),
        resources={name: as_float(text) for name, text in _pairs(resources)},
        labels=dict(_pairs(labels)),
    )


def _pairs(section: Section) -> list[tuple[str, str]]:
    pairs = () if section.node is None else section.node.pairs
    return [(key.text, section.text(key.text) or "") for key, _ in pairs]


def _texts(section: Section, name: str) -> tuple[str, ...]:
    return tuple(node.text for node in section.scalars(name) if node.text.strip())


def _given(section: Section, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Return a list of commands; one that is there and empty means none at all."""
    return _texts(section, name) if section.get(name) is not None else default


def as_float(text: str) -> float:
    """Return a number that was checked to be one."""
    return as_number(text) or 0.0
