"""Holds a document against the schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outrig.project.document import YamlList, YamlMap, YamlScalar
from outrig.project.problem import nearest, shown
from outrig.project.scalars import as_flag, as_whole
from outrig.project.schema import (
    AnyKind,
    ChoiceKind,
    EitherKind,
    FlagKind,
    Kind,
    ListKind,
    MapKind,
    TextKind,
    WholeKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.project.document import Document, YamlNode
    from outrig.project.problem import Problem
    from outrig.project.schema import Key


def check_shape(document: Document, kind: Kind, *, ray_form: bool) -> Iterator[Problem]:
    """Yield everything in which the document differs from `kind`.

    `ray_form` applies the rules of Ray's own project files: a cluster is required, and keys that
    only `outrig.yaml` has are refused.
    """
    return _Checker(document, ray_form).check(document.root, kind, "")


class _Checker:
    def __init__(self, document: Document, ray_form: bool) -> None:
        self._document = document
        self._ray_form = ray_form

    def check(self, node: YamlNode, kind: Kind, path: str) -> Iterator[Problem]:
        if isinstance(kind, EitherKind):
            fitting = [one for one in kind.kinds if _same_shape(node, one)]
            if fitting:
                yield from self.check(node, fitting[0], path)
            else:
                yield self._expected(node, kind, path)
        elif not _same_shape(node, kind):
            yield self._expected(node, kind, path)
        elif isinstance(kind, MapKind) and isinstance(node, YamlMap):
            yield from self._map(node, kind, path)
        elif isinstance(kind, ListKind) and isinstance(node, YamlList):
            for number, item in enumerate(node.items):
                yield from self.check(item, kind.item, f"{path}[{number}]")
        elif isinstance(node, YamlScalar) and not _scalar_fits(node, kind):
            yield self._expected(node, kind, path)

    def _map(self, node: YamlMap, kind: MapKind, path: str) -> Iterator[Problem]:
        for name, value in node.pairs:
            below = f"{path}.{name.text}" if path else name.text
            key = kind.key(name.text)
            if key is None and kind.others is None:
                yield self._unknown(name, kind, below)
            elif key is not None and key.outrig_only and self._ray_form:
                message = "this key is Outrig's own; it needs the project file to be outrig.yaml"
                yield self._document.problem(name, below, message)
            elif key is not None and not _is_null(value):
                yield from self.check(value, key.kind, below)
        yield from self._missing(node, kind, path)

    def _missing(self, node: YamlMap, kind: MapKind, path: str) -> Iterator[Problem]:
        for key in kind.keys:
            required = key.required or (key.required_by_ray and self._ray_form)
            if required and node.get(key.name) is None:
                below = f"{path}.{key.name}" if path else key.name
                place = next((name for name, _ in node.pairs if name.text == key.name), node)
                yield self._document.problem(place, below, f"is missing, expected {key.kind.says}")

    def _unknown(self, name: YamlScalar, kind: MapKind, path: str) -> Problem:
        known = [key.name for key in kind.keys if not (key.outrig_only and self._ray_form)]
        near = nearest(name.text, known)
        home = next(
            (key.name for key in kind.keys if key.name in known and _has(key, name.text)), ""
        )
        if home:
            message = f'unknown key, it belongs below "{home}"'
        elif near is None:
            message = f"unknown key, expected one of {', '.join(known)}"
        else:
            message = f'unknown key, nearest known key "{near}"'
        return self._document.problem(name, path, message)

    def _expected(self, node: YamlNode, kind: Kind, path: str) -> Problem:
        return self._document.problem(node, path, f"expected {kind.says}, found {_found(node)}")


def _has(key: Key, name: str) -> bool:
    """Whether a key has keys below it, one of them of that name."""
    return isinstance(key.kind, MapKind) and key.kind.key(name) is not None


def _is_null(value: YamlNode) -> bool:
    """Whether a value is YAML's null, which is as good as no key at all."""
    return isinstance(value, YamlScalar) and value.empty


def _same_shape(node: YamlNode, kind: Kind) -> bool:
    if isinstance(kind, AnyKind):
        return True
    if isinstance(kind, EitherKind):
        return any(_same_shape(node, one) for one in kind.kinds)
    if isinstance(kind, MapKind):
        return isinstance(node, YamlMap)
    if isinstance(kind, ListKind):
        return isinstance(node, YamlList)
    return isinstance(node, YamlScalar) and not node.empty


def _scalar_fits(node: YamlScalar, kind: Kind) -> bool:
    text = node.text
    if isinstance(kind, TextKind):
        if not text.strip() and not kind.may_be_empty:
            return False
        return kind.pattern is None or re.fullmatch(kind.pattern, text) is not None
    if isinstance(kind, WholeKind):
        number = as_whole(text)
        return number is not None and kind.minimum <= number <= kind.maximum
    if isinstance(kind, FlagKind):
        return as_flag(text) is not None
    return not isinstance(kind, ChoiceKind) or text in kind.words


def _found(node: YamlNode) -> str:
    if isinstance(node, YamlMap):
        return "a mapping"
    if isinstance(node, YamlList):
        return "a list"
    return "nothing" if node.empty else shown(node.text)
