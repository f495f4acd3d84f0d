"""Reads project files of every form into a `Project`."""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.errors import ProjectError
from outrig.model.interruption import Interruption
from outrig.model.project import (
    ClusterSpec,
    Command,
    CommandConfig,
    Compute,
    Environment,
    Parameter,
    ParamType,
    Project,
    ProjectForm,
    RuntimeSpec,
)
from outrig.model.resources import ANY, Resources, parse_resources, resources_from
from outrig.project.checking import check_shape
from outrig.project.document import YamlList, YamlScalar, parse
from outrig.project.files import DiskFiles, FileKind, ProjectFiles
from outrig.project.keys import COMPUTE, PROJECT
from outrig.project.location import PROJECT_FILES, ProjectLocation, choice_notice
from outrig.project.problem import Problem, ProjectFileError
from outrig.project.scalars import as_number, as_whole, plain_value
from outrig.project.section import Section
from outrig.project.semantics import check_meaning, notices

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.model.project import Scalar
    from outrig.project.document import Document

_BYTES_REPR = re.compile(r"""b(['"])(.*)\1""", re.DOTALL)
_OWN_FILE = "outrig.yaml"


def load_project(location: ProjectLocation) -> Project:
    """Read, check and return the project at a location; raises `ProjectFileError`.

    What the user should know though nothing is wrong is in the project's `notices`.
    """
    return _load(DiskFiles(location.root), location.file, location.root, location.notice)


def load_project_from(files: ProjectFiles, root: Path) -> Project:
    """Read a project out of `files`, such as a snapshot's; `root` is where it stood on disk.

    Files that the project names must exist among `files`. Raises `ProjectFileError`.
    """
    present = [file for file in PROJECT_FILES if files.kind(file) is not FileKind.MISSING]
    if not present:
        places = ", ".join(PROJECT_FILES)
        raise ProjectError(f"no project file in {files.label('.')}", hint=f"looked for {places}")
    return _load(files, present[0], root, choice_notice(present))


def _load(files: ProjectFiles, file: str, root: Path, notice: str | None) -> Project:
    document = parse(files.read(file), files.label(file))
    problems: list[Problem] = list(document.problems)
    ray_form = file != _OWN_FILE
    problems += check_shape(document, PROJECT, ray_form=ray_form)
    problems += check_meaning(document, files, ray_form=ray_form)
    if problems:
        raise ProjectFileError(problems)
    said = ((notice,) if notice else ()) + tuple(notices(document))
    return _project(document, file, root, files, said)


def _project(
    document: Document, file: str, root: Path, files: ProjectFiles, said: tuple[str, ...]
) -> Project:
    section = Section(document.root)
    repo = section.text("repo")
    compute = section.section("compute")
    return Project(
        name=section.text("name") or "",
        root=root,
        file=root / file,
        form=_form(section, file),
        description=section.text("description") or "",
        repo=_repaired(repo) if repo else None,
        documentation=section.text("documentation") or None,
        tags=_texts(section, "tags"),
        cluster=_cluster(section),
        compute=None if compute.node is None else _compute(compute),
        runtime=_runtime(section.text("runtime")),
        environment=_environment(section.section("environment"), files),
        commands=tuple(_command(one) for one in section.sections("commands")),
        output_files=_texts(section, "output_files"),
        metrics_file=section.text("metrics_file") or None,
        prefix=section.text("prefix") or None,
        store=section.text("store"),
        notices=said,
    )


def _form(section: Section, file: str) -> ProjectForm:
    if file == _OWN_FILE:
        return ProjectForm.OUTRIG
    old = isinstance(section.get("cluster"), YamlScalar)
    return ProjectForm.RAY_07 if old else ProjectForm.RAY_08


def _repaired(repo: str) -> str:
    """Undo what every version of `ray project create` wrote: the repr of bytes."""
    match = _BYTES_REPR.fullmatch(repo.strip())
    return match[2] if match else repo.strip()


def _texts(section: Section, name: str) -> tuple[str, ...]:
    return tuple(node.text for node in section.scalars(name))


def _cluster(owner: Section) -> ClusterSpec | None:
    value = owner.get("cluster")
    if value is None:
        return None
    if isinstance(value, YamlScalar):
        return ClusterSpec(config=value.text)
    section = owner.section("cluster")
    return ClusterSpec(config=section.text("config") or "", params=_parameters(section))


def _compute(section: Section) -> Compute:
    names = tuple(filter(None, _texts(section, "provider"))) or ("local",)
    several = isinstance(section.get("provider"), YamlList)
    own = {key.name for key in COMPUTE.keys} | (set(names) if several else set())
    beside, policy = _settings(section, own), section.text("on_interruption")
    ways = [
        Compute(
            provider=name,
            count=section.whole("count"),
            resources=_resources(section),
            on_interruption=Interruption(policy) if policy else None,
            settings=_settings(section.section(name), set()) if several else beside,
            shared=beside if several else (),
        )
        for name in dict.fromkeys(names)
    ]
    return replace(ways[0], otherwise=tuple(ways[1:]))


def _runtime(text: str | None) -> RuntimeSpec | None:
    if text is None:
        return None
    name, _, version = text.partition("==")
    return RuntimeSpec(name=name, version=version or None)


def _settings(section: Section, left_out: set[str]) -> tuple[tuple[str, object], ...]:
    pairs = () if section.node is None else section.node.pairs
    return tuple((key.text, plain_value(node)) for key, node in pairs if key.text not in left_out)


def _resources(compute: Section) -> Resources:
    text = compute.text("resources")
    if text is not None:
        return parse_resources(text)
    section = compute.section("resources")
    if section.node is None:
        return ANY
    return resources_from(
        {key.text: node.text for key, node in section.node.pairs if isinstance(node, YamlScalar)}
    )


def _environment(section: Section, files: ProjectFiles) -> Environment:
    return Environment(
        requirements=section.text("requirements"),
        conda=section.text("conda"),
        dockerfile=section.text("dockerfile"),
        image=section.text("dockerimage") or section.text("image"),
        shell=_shell(section, files),
    )


def _shell(section: Section, files: ProjectFiles) -> tuple[str, ...]:
    """Return the set-up steps; a lone text that is a file of the project is a script to run."""
    alone = section.text("shell")
    if alone is None:
        return _texts(section, "shell")
    if "\n" in alone or files.kind(alone) is not FileKind.FILE:
        return (alone,)
    script = files.read(alone)
    # The comment makes another step, hence another environment, of a script that was changed.
    version = hashlib.sha256(script).hexdigest()[:12]
    return (f"{_interpreter(script)} {shlex.quote('./' + alone)} # {version}",)


def _interpreter(script: bytes) -> str:
    """Return what a script's first line wants it run by; the file need not be executable."""
    first = script[:200].partition(b"\n")[0].decode("utf-8", "replace").strip()
    return first[2:].strip() or "sh" if first.startswith("#!") else "sh"


def _command(section: Section) -> Command:
    name = section.scalar("name")
    config = section.section("config")
    return Command(
        name=name.text if name else "",
        command=section.text("command") or "",
        help=section.text("help") or "",
        params=_parameters(section),
        config=CommandConfig(
            tmux=config.flag("tmux"),
            port_forward=config.whole("port_forward"),
            run_env=config.text("run_env"),
        ),
        cluster=_cluster(section),
        background=section.flag("background"),
        line=name.line if name else None,
    )


def _parameters(owner: Section) -> tuple[Parameter, ...]:
    return tuple(_parameter(one) for one in owner.sections("params"))


def _parameter(section: Section) -> Parameter:
    kind = ParamType(section.text("type")) if section.text("type") else None
    default = section.text("default")
    return Parameter(
        name=section.text("name") or "",
        type=kind,
        choices=tuple(_typed(choice, kind) for choice in _texts(section, "choices")),
        default=None if default is None else _typed(default, kind),
        help=section.text("help") or "",
    )


def _typed(text: str, kind: ParamType | None) -> Scalar:
    """Return a value as declared; one that is of no type, or of text, is kept as typed."""
    value: Scalar | None = None
    if kind is ParamType.INT:
        value = as_whole(text)
    elif kind is ParamType.FLOAT:
        value = as_number(text)
    return text if value is None else value
