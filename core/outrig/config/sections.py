"""Reading a configuration file's YAML into sections, with the place of every value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.config.file import SECTIONS, STORE_SECTION, Written
from outrig.config.user import own_keys
from outrig.errors import ConfigError, ProjectError
from outrig.project.document import YamlMap, YamlScalar, parse
from outrig.project.problem import nearest, one_line, shown
from outrig.project.scalars import plain_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.project.document import Document, YamlNode


def read_sections(data: bytes, file: str) -> dict[str, Mapping[str, Written]]:
    """Return the sections of a configuration file; raises `ConfigError` with all that is wrong."""
    document = parse_yaml(data, file)
    reader = _Reader(document, file)
    if not isinstance(document.root, YamlMap):
        raise ConfigError(f"{file}:1: expected keys with values, as in `provider: local`")
    for key, node in document.root.pairs:
        reader.top(key, node)
    if reader.problems:
        raise ConfigError("\n".join(reader.problems))
    return dict(reader.sections)


def parse_yaml(data: bytes, file: str) -> Document:
    """Parse a configuration file; raises `ConfigError`, one line for each problem."""
    try:
        document = parse(data, file)
    except ProjectError as error:
        text = str(error).replace("project file", "configuration file")
        raise ConfigError(text) from None
    if document.problems:
        raise ConfigError("\n".join(str(problem) for problem in document.problems))
    return document


class _Reader:
    def __init__(self, document: Document, file: str) -> None:
        self.document = document
        self.file = file
        self.problems: list[str] = []
        self.sections: dict[str, dict[str, Written]] = {"": {}}

    def top(self, key: YamlScalar, node: YamlNode) -> None:
        if key.text in (*SECTIONS, STORE_SECTION):
            self.plugins(key.text, node)
        elif key.text in own_keys():
            self.sections[""][key.text] = self.written(node)
        else:
            like = nearest(key.text, (*own_keys(), *SECTIONS, STORE_SECTION))
            self.problem(key, f"unknown key {shown(key.text)}", like)

    def plugins(self, section: str, node: YamlNode) -> None:
        if isinstance(node, YamlScalar) and node.empty:
            return
        if not isinstance(node, YamlMap):
            self.problem(node, f"{section}: expected names with settings below each", None)
            return
        for name, settings in node.pairs:
            if isinstance(settings, YamlMap):
                self.sections[f"{section}.{name.text}"] = {
                    key.text: self.written(value) for key, value in settings.pairs
                }
            elif not (isinstance(settings, YamlScalar) and settings.empty):
                self.problem(settings, f"{section}.{name.text}: expected settings", None)

    def written(self, node: YamlNode) -> Written:
        return Written(value=plain_value(node), where=f"{self.file}:{node.line}:{node.column}")

    def problem(self, node: YamlNode, message: str, like: str | None) -> None:
        nearby = f'; did you mean "{like}"?' if like else ""
        self.problems.append(one_line(f"{self.file}:{node.line}:{node.column}: {message}{nearby}"))
