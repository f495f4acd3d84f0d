"""Where a command runs: the project's own `compute`, else what its cluster file says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outrig.errors import UsageError
from outrig.model.project import Compute
from outrig.project.cluster_file import cluster_of
from outrig.project.document import Document, YamlList, YamlMap, YamlScalar, parse
from outrig.project.files import DiskFiles
from outrig.project.parameters import bind_parameters
from outrig.project.placeholders import scan
from outrig.project.problem import Problem, ProjectFileError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrig.model.project import ClusterSpec, Command, Project
    from outrig.project.document import YamlNode
    from outrig.project.files import ProjectFiles

_STAND_INS = range(0xE000, 0xF900)
"""Private-use characters: allowed in YAML, without meaning in it."""


def resolve_compute(
    project: Project,
    command: Command | None = None,
    cluster_params: Mapping[str, str] | None = None,
    files: ProjectFiles | None = None,
) -> Compute:
    """Tell what nodes a command, or the project, runs on.

    A command's own cluster comes first, then the project's `compute`, then its cluster; without
    any it is this computer. The cluster file is read from `files`, by default the project's on
    disk. Raises `ProjectFileError`, and `UsageError` for a cluster parameter that is missing,
    unknown or wrong.
    """
    given = dict(cluster_params or {})
    spec = command.cluster if command is not None and command.cluster is not None else None
    if spec is None and project.compute is not None:
        if given:
            raise UsageError("the project has no cluster file, so no cluster parameters")
        return project.compute
    spec = spec or project.cluster
    if spec is None:
        if given:
            raise UsageError("the project has no cluster file, so no cluster parameters")
        return Compute()
    document = read_cluster(spec, given, files or DiskFiles(project.root))
    return cluster_of(document, project.root / spec.config).compute


def check_clusters(project: Project) -> None:
    """Read every cluster file that the project and its commands name; raises `ProjectFileError`.

    One with a parameter that has no default is left out, as there is no telling what it says.
    """
    files = DiskFiles(project.root)
    specs = [project.cluster, *(command.cluster for command in project.commands)]
    for spec in specs:
        if spec is not None and all(one.default is not None for one in spec.params):
            cluster_of(read_cluster(spec, {}, files), project.root / spec.config)


def read_cluster(spec: ClusterSpec, given: Mapping[str, str], files: ProjectFiles) -> Document:
    """Parse a cluster file with its parameters filled in; every value arrives as it was given.

    Where no parameters are declared, `{{…}}` in the file is nobody's but the file's own.
    """
    values = bind_parameters(
        f"cluster {spec.config}", spec.params, given, option="--cluster-param"
    ).texts()
    data = files.read(spec.config)
    label = files.label(spec.config)
    substitution = _Substitution(data, label, values)
    document = parse(substitution.marked, label)
    if document.problems:
        raise ProjectFileError(document.problems)
    return Document(file=label, lines=document.lines, root=substitution.filled(document.root))


class _Substitution:
    """Fills values into a parsed file, so that no value can change the file's structure.

    Before parsing, each placeholder is replaced by as many private-use characters as it is long
    (`{{n}}` itself would be YAML's own syntax, and lengths keep the columns right); afterwards
    those are replaced by the values.
    """

    def __init__(self, data: bytes, label: str, values: Mapping[str, str]) -> None:
        self._values: dict[str, str] = {}
        self.marked = data
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return  # the parser says where
        if not values:
            return
        found = [one for one in scan(text) if not one.literal and one.name in values]
        problems = list(_unknown(text, label, values))
        if problems:
            raise ProjectFileError(problems)
        free = (chr(code) for code in _STAND_INS if chr(code) not in text)
        stand_ins: dict[str, str] = {}
        for placeholder in found:
            if placeholder.text not in stand_ins:
                stand_in = next(free) * len(placeholder.text)
                stand_ins[placeholder.text] = stand_in
                self._values[stand_in] = values[placeholder.name]
        self.marked = _replaced(text, stand_ins).encode()

    def filled(self, node: YamlNode) -> YamlNode:
        """Return the node with every value in its place."""
        if not self._values:
            return node
        if isinstance(node, YamlMap):
            pairs = tuple((self._scalar(key), self.filled(value)) for key, value in node.pairs)
            return YamlMap(line=node.line, column=node.column, pairs=pairs)
        if isinstance(node, YamlList):
            items = tuple(self.filled(item) for item in node.items)
            return YamlList(line=node.line, column=node.column, items=items)
        return self._scalar(node)

    def _scalar(self, node: YamlScalar) -> YamlScalar:
        return YamlScalar(
            line=node.line,
            column=node.column,
            text=_replaced(node.text, self._values),
            plain=node.plain,
            end_line=node.end_line,
        )


def _replaced(text: str, pairs: Mapping[str, str]) -> str:
    if not pairs:
        return text
    pattern = "|".join(re.escape(one) for one in sorted(pairs, key=len, reverse=True))
    return re.sub(pattern, lambda match: pairs[match[0]], text)


def _unknown(text: str, label: str, values: Mapping[str, str]) -> Iterator[Problem]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        for placeholder in scan(line):
            if placeholder.literal or placeholder.name in values:
                continue
            near = nearest(placeholder.name, tuple(values))
            hint = f', nearest declared "{near}"' if near else ""
            message = f"{placeholder.text} is not among cluster.params{hint}"
            column = placeholder.start + 1
            yield Problem(file=label, line=number, column=column, message=message)
