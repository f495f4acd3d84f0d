"""Checks of a project file that its shape alone cannot tell."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from outrig.errors import UsageError
from outrig.model.resources import parse_resources, resources_from
from outrig.project.document import YamlScalar
from outrig.project.files import FileKind, ProjectFiles, leaves_root
from outrig.project.options import OWN_OPTIONS
from outrig.project.placeholders import parameter_named, scan
from outrig.project.problem import Problem, nearest, shown
from outrig.project.scalars import as_number, as_whole
from outrig.project.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.project.document import Document, YamlNode

_SHADOWED = re.compile(r": --(\S+) is an option of Outrig's;")
_ENVIRONMENT_FILES = ("requirements", "conda", "dockerfile")


def check_meaning(document: Document, files: ProjectFiles, *, ray_form: bool) -> Iterator[Problem]:
    """Yield what is wrong beyond the shape: files that are missing, values that cannot be."""
    return _Meaning(document, files, ray_form).check()


def notices(document: Document) -> Iterator[str]:
    """Yield what is allowed but may not be what was meant, one line each."""
    lines: dict[str, int] = {}
    for command in Section(document.root).sections("commands"):
        name = command.scalar("name")
        if name is None:
            continue
        if name.text in lines:
            yield (
                f"{document.file}:{name.line}:{name.column}: {command.at('name')}: "
                f"{shown(name.text)} is named twice, this one counts, not line {lines[name.text]}"
            )
        lines[name.text] = name.line
        yield from _shadowed(document, command)


def shadowed_option(notice: str) -> str | None:
    """Return the option of Outrig's that a notice says a parameter is named like, if it does."""
    found = _SHADOWED.search(notice)
    return found[1] if found else None


def _shadowed(document: Document, command: Section) -> Iterator[str]:
    for parameter in command.sections("params"):
        name = parameter.scalar("name")
        if name is not None and name.text in OWN_OPTIONS:
            yield (
                f"{document.file}:{name.line}:{name.column}: {parameter.at('name')}: "
                f"--{name.text} is an option of Outrig's; give this one as "
                f"--param {name.text}=VALUE"
            )


class _Meaning:
    def __init__(self, document: Document, files: ProjectFiles, ray_form: bool) -> None:
        self._document = document
        self._files = files
        self._project = Section(document.root)
        self._loose = ray_form and isinstance(self._project.get("cluster"), YamlScalar)

    def check(self) -> Iterator[Problem]:
        yield from self._environment(self._project.section("environment"))
        yield from self._cluster(self._project)
        yield from self._resources(self._project.section("compute"))
        yield from self._metrics(self._project.scalar("metrics_file"))
        for command in self._project.sections("commands"):
            yield from self._cluster(command)
            yield from self._parameters(command)
            yield from self._placeholders(command)

    def _environment(self, section: Section) -> Iterator[Problem]:
        for key in _ENVIRONMENT_FILES:
            yield from self._file(section.scalar(key), section.at(key), inside=True)
        image = section.scalar("dockerimage") or section.scalar("image")
        if image is not None and section.scalar("dockerfile") is not None:
            message = "is given beside dockerfile; only one of them can make the container"
            key = "dockerimage" if section.scalar("dockerimage") else "image"
            yield self._document.problem(image, section.at(key), message)
        if section.scalar("dockerimage") and section.scalar("image"):
            message = "is given beside dockerimage, which means the same"
            yield self._document.problem(image or self._document.root, section.at("image"), message)

    def _cluster(self, owner: Section) -> Iterator[Problem]:
        cluster = owner.get("cluster")
        if isinstance(cluster, YamlScalar):
            yield from self._file(cluster, owner.at("cluster"), inside=False)
            return
        section = owner.section("cluster")
        yield from self._file(section.scalar("config"), section.at("config"), inside=False)
        yield from self._parameters(section)

    def _file(self, node: YamlScalar | None, path: str, *, inside: bool) -> Iterator[Problem]:
        if node is None or not node.text.strip():
            return
        if inside and leaves_root(node.text):
            message = f"{shown(node.text)} is outside the project, so no snapshot holds it"
            yield self._document.problem(node, path, message)
            return
        kind = self._files.kind(node.text)
        if kind is FileKind.MISSING:
            message = f"file {shown(node.text)} does not exist in the project"
            yield self._document.problem(node, path, message)
        elif kind is not FileKind.FILE:
            message = f"{shown(node.text)} is a {kind.value}, expected a file"
            yield self._document.problem(node, path, message)

    def _metrics(self, node: YamlScalar | None) -> Iterator[Problem]:
        if node is not None and (leaves_root(node.text) or posixpath.normpath(node.text) == "."):
            message = f"{shown(node.text)} is no file in a case's directory"
            yield self._document.problem(node, self._project.at("metrics_file"), message)

    def _resources(self, compute: Section) -> Iterator[Problem]:
        value = compute.get("resources")
        path = compute.at("resources")
        section = compute.section("resources")
        try:
            if isinstance(value, YamlScalar) and value.text.strip():
                parse_resources(value.text)
            elif section.node is not None:
                for key, item in section.node.pairs:
                    if isinstance(item, YamlScalar) and key.text in ("cpu", "memory", "gpu"):
                        value, path = item, section.at(key.text)
                        resources_from({key.text: item.text})
        except UsageError as err:
            yield self._document.problem(value or self._document.root, path, str(err))

    def _parameters(self, owner: Section) -> Iterator[Problem]:
        seen: dict[str, int] = {}
        for parameter in owner.sections("params"):
            name = parameter.scalar("name")
            if name is not None:
                if name.text in seen:
                    first = seen[name.text]
                    message = f"{shown(name.text)} is declared twice, first in line {first}"
                    yield self._document.problem(name, parameter.at("name"), message)
                seen.setdefault(name.text, name.line)
            yield from self._values(parameter)

    def _values(self, parameter: Section) -> Iterator[Problem]:
        kind = parameter.text("type")
        choices = parameter.scalars("choices")
        for number, choice in enumerate(choices):
            if not _fits(choice.text, kind):
                path = f"{parameter.at('choices')}[{number}]"
                yield self._wrong_type(choice, path, kind)
        default = parameter.scalar("default")
        if default is None:
            return
        if not _fits(default.text, kind):
            yield self._wrong_type(default, parameter.at("default"), kind)
        elif choices and default.text not in [choice.text for choice in choices]:
            if _converted(default.text, kind) in [_converted(one.text, kind) for one in choices]:
                return
            words = ", ".join(shown(choice.text, 20) for choice in choices[:8])
            message = f"{shown(default.text)} is not among the choices ({words})"
            yield self._document.problem(default, parameter.at("default"), message)

    def _wrong_type(self, node: YamlScalar, path: str, kind: str | None) -> Problem:
        expected = "a whole number" if kind == "int" else "a number"
        message = f"expected {expected} (type: {kind}), found {shown(node.text)}"
        return self._document.problem(node, path, message)

    def _placeholders(self, command: Section) -> Iterator[Problem]:
        text = command.scalar("command")
        if text is None:
            return
        known = [name for one in command.sections("params") if (name := one.text("name"))]
        reported = set()
        for placeholder in scan(text.text):
            name = placeholder.name
            if placeholder.literal or name in reported:
                continue
            if parameter_named(name, known, loose=self._loose) is None:
                reported.add(name)
                place = self._place_of(placeholder.text, text)
                near = nearest(name, known)
                hint = f', nearest known parameter "{near}"' if near else ", which has none such"
                message = f"unknown parameter {placeholder.text} in the command{hint}"
                yield self._document.problem(place, command.at("command"), message)

    def _place_of(self, text: str, node: YamlScalar) -> YamlNode:
        for number in range(node.line - 1, min(node.end_line, len(self._document.lines))):
            column = self._document.lines[number].find(text)
            if column >= 0:
                return YamlScalar(line=number + 1, column=column + 1, text=text)
        return node


def _fits(text: str, kind: str | None) -> bool:
    if kind == "int":
        return as_whole(text) is not None
    return kind != "float" or as_number(text) is not None


def _converted(text: str, kind: str | None) -> object:
    if kind == "int":
        return as_whole(text)
    return as_number(text) if kind == "float" else text
