"""Reads Daft files of every generation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import Document, Problem, ProjectFileError, Section, plain_value, read_toml
from outrig.errors import NotFoundError
from outrig_daft.files.keys import DAFT_FILE
from outrig_daft.names import DEFAULT_REGION, DEFAULT_TYPE, DEFAULT_WORKERS

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEMPLATES = {"light": "t2.nano", "normal": "m7g.medium", "gpus": "g5.xlarge"}
_REQUIRED = re.compile(r"\$\w+\s*-\s*required\b.*", re.DOTALL)
_OPTIONAL = re.compile(r"\$[A-Z_0-9]+(\s*-\s*optional\b.*)?|<[a-z-]+>", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_KUBERNETES = (
    "is a cluster that is there already: run things on it with "
    "`outrig ray job submit --address URL`, or `outrig session start --provider ray`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DaftJob:
    """A job of the file: shell text, and the directory that it runs in."""

    name: str
    command: str
    directory: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DaftFile:
    """What a file says about a cluster; what it leaves out has its default.

    `before` and `after` are commands for nodes before and after Python is set up. `settings` are
    the provider's own, `hosts` machines that are there, the head first.
    """

    path: Path
    name: str
    provider: str = "aws"
    region: str = DEFAULT_REGION
    user: str | None = None
    workers: int = DEFAULT_WORKERS
    instance_type: str = DEFAULT_TYPE
    image: str | None = None
    profile: str | None = None
    key: Path | None = None
    dependencies: tuple[str, ...] = ()
    python: str | None = None
    ray: str | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    jobs: tuple[DaftJob, ...] = ()
    hosts: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)

    def job(self, name: str) -> DaftJob:
        """Return the job of that name; raises `NotFoundError`."""
        for one in self.jobs:
            if one.name == name:
                return one
        names = ", ".join(one.name for one in self.jobs) or "none"
        raise NotFoundError(f'there is no job "{name}" in {self.path.name} (has: {names})')


def load_daft_file(path: Path) -> DaftFile:
    """Read a file; raises `ProjectFileError`, and `NotFoundError` when it is not there."""
    path = path.expanduser()
    if not path.exists():
        raise NotFoundError(f"there is no file {path}", hint="make one: outrig daft init-config")
    document = read_toml(path, DAFT_FILE)
    reading = _Reading(document, path.absolute())
    problems = tuple(reading.problems())
    if problems:
        raise ProjectFileError(problems)
    return reading.file()


class _Reading:
    """A document, and where its generation has what."""

    def __init__(self, document: Document, path: Path) -> None:
        top = Section(document.root)
        setup, cluster = top.section("setup"), top.section("cluster")
        self._document = document
        self._path = path
        self._top = top
        self._setup = setup
        self._places = (
            setup.section("provisioned"),
            setup.section("aws"),
            cluster.section("custom"),
            cluster,
            setup,
            top.section("package"),
            top.section("run"),
            top,
        )

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong beyond the shape."""
        yield from self._named()
        yield from self._twice()
        for name in ("byoc", "k8s"):
            if self._setup.get(name) is not None:
                yield self._problem(self._setup, name, _KUBERNETES)
        provider = self._text("provider")
        if self._setup.get("hosts") is not None and provider not in ("ssh", None):
            message = f"are machines that are there, not nodes of {provider}: provider is ssh"
            yield self._problem(self._setup, "hosts", message)
        for job in self._top.sections("job"):
            directory = _either(job, "working-dir")
            if directory is not None and not self._directory(directory[1]).is_dir():
                yield self._problem(job, directory[0], f"there is no directory {directory[1]}")

    def _named(self) -> Iterator[Problem]:
        found = self._found("name", raw=True)
        if found is None:
            yield self._document.problem(
                self._document.root, "setup.name", "is missing, expected the cluster's name"
            )
            return
        section, spelling, text = found
        if _REQUIRED.fullmatch(text) or _OPTIONAL.fullmatch(text):
            message = f'is still "{text}": give the cluster a name'
            yield self._problem(section, spelling, message)
        elif not _NAME.fullmatch(text):
            message = "expected letters, digits and . _ - alone, with neither . nor - in front"
            yield self._problem(section, spelling, message)

    def _twice(self) -> Iterator[Problem]:
        """Yield keys that stand twice in a table, with `_` and with `-`."""
        for section in self._places:
            names = [key.text for key, _ in section.node.pairs] if section.node else []
            for name in names:
                other = name.replace("-", "_")
                if other != name and other in names:
                    message = f'is there twice, the other one is "{other}"'
                    yield self._problem(section, name, message)

    def _problem(self, section: Section, name: str, message: str) -> Problem:
        node = section.get(name) or self._document.root
        return self._document.problem(node, section.at(name), message)

    def file(self) -> DaftFile:
        """Return what the file says."""
        hosts = self._list("hosts")
        provider = self._text("provider") or ("ssh" if hosts else "aws")
        workers = self._text("number-of-workers")
        default = len(hosts) - 1 if hosts else DEFAULT_WORKERS
        if self._setup.get("provisioned") is not None:
            default = 4
        key = self._text("ssh-private-key")
        template = self._text("template") or "normal"
        settings = self._setup.get("settings")
        values = plain_value(settings) if settings is not None else {}
        return DaftFile(
            path=self._path,
            name=self._text("name") or "",
            provider=provider,
            region=self._text("region") or DEFAULT_REGION,
            user=self._text("ssh-user"),
            workers=int(workers)
            if workers is not None
            else (0 if provider == "local" else default),
            instance_type=self._text("instance-type") or _TEMPLATES.get(template, DEFAULT_TYPE),
            image=self._text("image-id"),
            profile=self._text("iam-instance-profile-arn")
            or self._text("iam-instance-profile-name"),
            key=Path(key).expanduser() if key is not None else None,
            dependencies=self._list("dependencies"),
            python=self._text("python-version"),
            ray=self._text("ray-version"),
            before=self._list("pre-setup-commands"),
            after=self._list("run")
            + self._list("setup-commands")
            + self._list("post-setup-commands"),
            jobs=tuple(self._jobs()),
            hosts=hosts,
            settings=values if isinstance(values, dict) else {},
        )

    def _jobs(self) -> Iterator[DaftJob]:
        for job in self._top.sections("job"):
            directory = _either(job, "working-dir")
            place = self._directory(directory[1] if directory else ".")
            name, command = job.text("name") or "", job.text("command") or ""
            yield DaftJob(name=name, command=command, directory=place)

    def _directory(self, text: str) -> Path:
        return self._path.parent / Path(text).expanduser()

    def _found(self, name: str, *, raw: bool = False) -> tuple[Section, str, str] | None:
        for section in self._places:
            found = _either(section, name)
            if found is not None and (raw or not _OPTIONAL.fullmatch(found[1])):
                return section, *found
        return None

    def _text(self, name: str) -> str | None:
        found = self._found(name)
        return None if found is None else found[2]

    def _list(self, name: str) -> tuple[str, ...]:
        for section in self._places:
            for spelling in (name, name.replace("-", "_")):
                texts = [one.text for one in section.scalars(spelling)]
                if texts:
                    return tuple(one for one in texts if not _OPTIONAL.fullmatch(one))
        return ()


def _either(section: Section, name: str) -> tuple[str, str] | None:
    """Return a key in the spelling that is there, and its text."""
    for spelling in dict.fromkeys((name, name.replace("-", "_"))):
        text = section.text(spelling)
        if text is not None:
            return spelling, text
    return None
