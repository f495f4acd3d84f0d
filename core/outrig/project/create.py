"""Creates projects: writes their files whole or not at all, and never over anything."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import ConfigError, ConflictError, NotFoundError, UsageError
from outrig.project.files import leaves_root
from outrig.project.identity import ID_FILES, fresh_id, written_id
from outrig.project.location import PROJECT_FILES, project_at
from outrig.project.problem import shown
from outrig.project.templates import (
    OUTPUT_FILES,
    REQUIREMENTS,
    cluster_file,
    own_project,
    ray_project,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN_ID, _RAY_ID = ID_FILES
_RAY_DIRECTORY = ".rayproject"


class CreateForm(Enum):
    """Which files are made: `outrig.yaml`, Ray's, or Ray's with what `any` adds."""

    OUTRIG = "outrig"
    RAY = "ray"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRequest:
    """What to create, and where. Given files are used where they are, relative to `root`."""

    root: Path
    name: str
    form: CreateForm = CreateForm.OUTRIG
    cluster_yaml: str | None = None
    requirements: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedProject:
    """What was made: files relative to the root, the project's id, and notes for the user."""

    root: Path
    name: str
    id: str
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def create_project(request: CreateRequest) -> CreatedProject:
    """Write a new project's files.

    Raises `ConflictError` where there is a project already, `NotFoundError` for a given file that
    does not exist, `UsageError` for a name that is no text, and `ConfigError` when the directory
    cannot be written.
    """
    _check(request)
    project_id = fresh_id()
    repo = _repository(request.root)
    own = request.form is CreateForm.OUTRIG
    content, notes = _own(request, repo) if own else _ray(request, repo)
    content[_OWN_ID if own else _RAY_ID] = project_id + "\n"
    try:
        if own:
            _write_beside(request.root, content)
        else:
            _write_directory(request.root, content)
    except FileExistsError as err:
        raise ConflictError(f'"{err.filename or _RAY_DIRECTORY}" exists already') from err
    except OSError as err:
        raise ConfigError(f"cannot create a project in {request.root}: {err.strerror}") from err
    if repo:
        notes = (*notes, f"repo is {repo}")
    return CreatedProject(
        root=request.root, name=request.name, id=project_id, files=tuple(content), notes=notes
    )


def register_project(root: Path) -> str:
    """Give the project in `root` an id file; raises `ConflictError` when it has one."""
    location = project_at(root)
    if location is None:
        raise NotFoundError(
            f"no project file in {root}", hint=f"looked for {', '.join(PROJECT_FILES)}"
        )
    if written_id(root) is not None:
        raise ConflictError("This project has already been registered")
    project_id = fresh_id()
    id_file = _RAY_ID if location.file.startswith(_RAY_DIRECTORY) else _OWN_ID
    try:
        _write_beside(root, {id_file: project_id + "\n"})
    except FileExistsError as err:
        raise ConflictError(f"{root / id_file} exists, but holds no id") from err
    except OSError as err:
        raise ConfigError(f"cannot write {root / id_file}: {err.strerror}") from err
    return project_id


def _check(request: CreateRequest) -> None:
    try:
        request.name.encode()
    except UnicodeEncodeError:
        raise UsageError(f"the name {shown(request.name)} is not UTF-8 text") from None
    if not request.name.strip() or "\0" in request.name:
        raise UsageError("a project needs a name", hint="give it as NAME")
    found = project_at(request.root)
    if found is not None:
        raise ConflictError(
            f"there is a project here already: {found.file}",
            hint="edit that file, or create the project in another directory",
        )
    for option, path in (
        ("--cluster-yaml", request.cluster_yaml),
        ("--requirements", request.requirements),
    ):
        if path is not None and not (request.root / path).is_file():
            raise NotFoundError(f"{option} {shown(path)}: there is no such file")
    if request.requirements is not None and leaves_root(_inside(request, request.requirements)):
        raise UsageError(
            f"--requirements {shown(request.requirements)} is outside the project",
            hint="copy it into the project, so that snapshots hold it",
        )


def _inside(request: CreateRequest, path: str) -> str:
    """Return a given path relative to the root, unless it lies outside."""
    absolute = os.path.abspath(request.root / path)  # noqa: PTH100 - keeps symlinks
    relative = os.path.relpath(absolute, request.root)
    return absolute if leaves_root(relative) else relative


def _own(request: CreateRequest, repo: str | None) -> tuple[dict[str, str], tuple[str, ...]]:
    files: dict[str, str] = {}
    notes: list[str] = []
    cluster, requirements = "cluster.yaml", "requirements.txt"
    if request.cluster_yaml is not None:
        cluster = _inside(request, request.cluster_yaml)
    elif (request.root / cluster).exists():
        raise ConflictError(f"{cluster} exists already", hint="use it: --cluster-yaml cluster.yaml")
    else:
        files[cluster] = cluster_file(request.name)
    if request.requirements is not None:
        requirements = _inside(request, request.requirements)
    elif (request.root / requirements).exists():
        notes.append(f"the {requirements} that is here is used")
    else:
        files[requirements] = REQUIREMENTS
    files["outrig.yaml"] = own_project(request.name, repo, cluster, requirements)
    return files, tuple(notes)


def _ray(request: CreateRequest, repo: str | None) -> tuple[dict[str, str], tuple[str, ...]]:
    files: dict[str, str] = {}
    notes: list[str] = []
    cluster, requirements = f"{_RAY_DIRECTORY}/cluster.yaml", f"{_RAY_DIRECTORY}/requirements.txt"
    if request.cluster_yaml is not None:
        cluster = _inside(request, request.cluster_yaml)
    else:
        notes.append("Using default autoscaler yaml")
        files[cluster] = cluster_file(request.name)
    if request.requirements is not None:
        requirements = _inside(request, request.requirements)
    else:
        notes.append("Using default requirements.txt")
        files[requirements] = REQUIREMENTS
    text = ray_project(request.name, repo, cluster, requirements)
    extra = OUTPUT_FILES if request.form is CreateForm.ANY else ""
    files[f"{_RAY_DIRECTORY}/project.yaml"] = text + extra
    return files, tuple(notes)


def _write_beside(root: Path, content: Mapping[str, str]) -> None:
    """Write files that may stand among others, the project file after what it names.

    Each appears whole and only where nothing was; on a failure those already made are removed.
    """
    made: list[Path] = []
    try:
        for name, text in content.items():
            target = root / name
            if target.parent != root:
                target.parent.mkdir(exist_ok=True)
            _appear(target, text)
            made.append(target)
    except BaseException:
        for target in made:
            target.unlink(missing_ok=True)
        raise


def _appear(target: Path, text: str) -> None:
    temporary = target.with_name(f".outrig-new-{fresh_id()}")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            target.hardlink_to(temporary)
        except FileExistsError as err:
            raise FileExistsError(err.errno, err.strerror, target.name) from err
    finally:
        temporary.unlink(missing_ok=True)


def _write_directory(root: Path, content: Mapping[str, str]) -> None:
    """Make `.rayproject` whole, under another name first."""
    building = root / f"{_RAY_DIRECTORY}-new-{fresh_id()}"
    building.mkdir()
    try:
        for name, text in content.items():
            (building / Path(name).name).write_text(text, encoding="utf-8", newline="\n")
        target = root / _RAY_DIRECTORY
        if os.path.lexists(target):  # renaming would replace an empty directory
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), _RAY_DIRECTORY)
        building.rename(target)
    except OSError as err:
        if err.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise FileExistsError(err.errno, err.strerror, _RAY_DIRECTORY) from err
        raise
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _repository(root: Path) -> str | None:
    """Return the URL of the git remote `origin`, without any password in it."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        done = subprocess.run(
            [git, "-C", str(root), "remote", "get-url", "origin"],
            capture_output=True,
            timeout=10,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    url = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode != 0 or not url.isprintable():
        return None
    return re.sub(r"^(https?://)[^/@]*@", r"\1", url) or None
