"""A YAML file as a tree that knows where everything stands.

Built from the parser's events rather than by `yaml.compose`: that recurses (a deeply nested file
overflows the stack), takes the last of duplicate keys, and lets aliases multiply without bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml
from yaml import events

from outrig.project.files import MAX_BYTES
from outrig.project.problem import Problem, ProjectFileError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_NODES = 100_000
MAX_DEPTH = 50

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_YAML = r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_NOT_ASCII_YAML = r"[^\t\n\r\x20-\x7e]"
_CORE_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlScalar:
    """A single value as written. `plain` is false when it was quoted or a block."""

    line: int
    column: int
    text: str
    plain: bool = False
    end_line: int = 0

    @property
    def empty(self) -> bool:
        """Whether this is YAML's null."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlList:
    """A list of nodes."""

    line: int
    column: int
    items: tuple[YamlNode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlMap:
    """A mapping: its keys are all scalars and all different."""

    line: int
    column: int
    pairs: tuple[tuple[YamlScalar, YamlNode], ...]

    def get(self, name: str) -> YamlNode | None:
        """Return the value of a key, or `None`; a null counts as not there."""
        for key, value in self.pairs:
            if key.text == name:
                return None if isinstance(value, YamlScalar) and value.empty else value
        return None


YamlNode = YamlScalar | YamlList | YamlMap


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed file: its name in messages, its lines, its only node, and what YAML alone shows."""

    file: str
    lines: tuple[str, ...]
    root: YamlNode
    problems: tuple[Problem, ...] = ()

    def problem(self, node: YamlNode, path: str, message: str) -> Problem:
        """Make a problem that stands where `node` begins."""
        return Problem(
            file=self.file, line=node.line, column=node.column, path=path, message=message
        )


def parse(data: bytes, file: str) -> Document:
    """Parse a YAML file of one document; raises `ProjectFileError` when there is no telling on.

    What is wrong but leaves a tree, such as a duplicate key, is in the document's `problems`.
    """
    text = decoded(data, file)
    composer = _Composer(file)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            composer.take(event)
    except yaml.MarkedYAMLError as err:
        raise ProjectFileError([*composer.problems, _syntax(err, text, file)]) from None
    except (yaml.YAMLError, ValueError) as err:
        message = " ".join(str(err).split())
        raise ProjectFileError([Problem(file=file, message=f"not YAML: {message}")]) from None
    if composer.root is None or (isinstance(composer.root, YamlScalar) and composer.root.empty):
        raise ProjectFileError([Problem(file=file, message="is empty")])
    lines = tuple(text.splitlines())
    return Document(file=file, lines=lines, root=composer.root, problems=tuple(composer.problems))


def decoded(data: bytes, file: str) -> str:
    """Return a file's text; raises `ProjectFileError` when it is none."""
    if len(data) > MAX_BYTES:
        message = f"is larger than {MAX_BYTES >> 20} MiB, which no project file is"
        raise ProjectFileError([Problem(file=file, message=message)])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        before = data[: err.start].decode("utf-8-sig")
        message = f"not UTF-8 text (byte 0x{data[err.start]:02x})"
        raise ProjectFileError([_at(before, file, message)]) from None
    # the wider class takes longer to compile than most files take to read
    odd = re.search(_NOT_ASCII_YAML if text.isascii() else _NOT_YAML, text)
    if odd is not None:
        message = f"not text: it has the character U+{ord(odd[0]):04X}"
        raise ProjectFileError([_at(text[: odd.start()], file, message)])
    return text


def _at(before: str, file: str, message: str) -> Problem:
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    return Problem(file=file, line=line, column=column, message=message)


def _syntax(err: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = err.problem_mark or err.context_mark
    message = f"{err.problem or 'not YAML'}"
    if err.context and err.context not in message:
        message += f" {err.context}"
    if mark is None:
        return Problem(file=file, message=message)
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if line[mark.column : mark.column + 1] == "\t":
        message = "a tab cannot indent YAML; use spaces"
    elif "{{" in line:
        message += '; put text that begins with "{{" in quotes'
    return Problem(file=file, line=mark.line + 1, column=mark.column + 1, message=message)


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    line: int
    column: int
    anchor: str | None
    is_map: bool
    children: list[YamlNode] = field(default_factory=list)
    nodes: int = 1
    depth: int = 1


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias stands for, and how many nodes and levels it adds."""

    node: YamlNode
    nodes: int
    depth: int


class _Composer:
    """Builds the tree; problems that do not end the parsing are collected."""

    def __init__(self, file: str) -> None:
        self.root: YamlNode | None = None
        self.problems: list[Problem] = []
        self._file = file
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored | None] = {}

    def take(self, event: events.Event) -> None:
        """Take the parser's next event; raises `ProjectFileError` where going on is no use."""
        match event:
            case events.DocumentStartEvent() if self.root is not None:
                self._stop(event, "a second document begins here; a project file has one")
            case events.AliasEvent():
                self._alias(event)
            case events.ScalarEvent():
                self._scalar(event)
            case events.MappingStartEvent() | events.SequenceStartEvent():
                self._begin(event, is_map=isinstance(event, events.MappingStartEvent))
            case events.MappingEndEvent() | events.SequenceEndEvent():
                self._end()

    def _alias(self, event: events.AliasEvent) -> None:
        name = event.anchor or ""
        if name not in self._anchors:
            self._stop(event, f"*{name} names no anchor above")
        anchored = self._anchors[name]
        if anchored is None:
            self._stop(event, f"*{name} stands inside what it names")
        else:
            self._add(event, anchored)

    def _scalar(self, event: events.ScalarEvent) -> None:
        self._check_tag(event)
        plain = event.style in (None, "") and bool(event.implicit[0])
        line, column = _position(event)
        end_line = line if event.end_mark is None else event.end_mark.line + 1
        node = YamlScalar(
            line=line, column=column, text=event.value, plain=plain, end_line=end_line
        )
        self._finish(event.anchor, event, _Anchored(node, 1, 1))

    def _begin(self, event: events.CollectionStartEvent, *, is_map: bool) -> None:
        self._check_tag(event)
        if len(self._open) >= MAX_DEPTH:
            self._stop(event, f"nested deeper than {MAX_DEPTH} levels")
        if event.anchor:
            self._anchors[event.anchor] = None
        line, column = _position(event)
        self._open.append(_Open(line, column, event.anchor, is_map))

    def _end(self) -> None:
        done = self._open.pop()
        node: YamlNode
        odd = [key for key in done.children[::2] if not isinstance(key, YamlScalar)]
        if done.is_map and odd:
            self._note(odd[0], 'a key must be text; put text that begins with "{{" in quotes')
            node = YamlScalar(line=done.line, column=done.column, text="{{…}}")
        elif done.is_map:
            node = YamlMap(line=done.line, column=done.column, pairs=self._pairs(done))
        else:
            node = YamlList(line=done.line, column=done.column, items=tuple(done.children))
        self._finish(done.anchor, node, _Anchored(node, done.nodes, done.depth))

    def _finish(self, anchor: str | None, place: events.Event | YamlNode, done: _Anchored) -> None:
        if anchor:
            self._anchors[anchor] = done
        self._add(place, done)

    def _add(self, place: events.Event | YamlNode, done: _Anchored) -> None:
        if not self._open:
            self.root = done.node
            return
        parent = self._open[-1]
        parent.children.append(done.node)
        parent.nodes += done.nodes
        parent.depth = max(parent.depth, done.depth + 1)
        if parent.nodes > MAX_NODES:
            self._stop(
                place, f"has more than {MAX_NODES} values, counting aliases as often as used"
            )
        if parent.depth > MAX_DEPTH:
            self._stop(place, f"nested deeper than {MAX_DEPTH} levels")

    def _pairs(self, done: _Open) -> tuple[tuple[YamlScalar, YamlNode], ...]:
        own: dict[str, tuple[YamlScalar, YamlNode]] = {}
        merged: dict[str, tuple[YamlScalar, YamlNode]] = {}
        for key, value in zip(done.children[::2], done.children[1::2], strict=True):
            if not isinstance(key, YamlScalar):
                continue  # said already, and the mapping is not used
            if key.plain and key.text == "<<":
                merged = {pair[0].text: pair for pair in self._merge(value)} | merged
            elif key.text in own:
                first = own[key.text][0].line
                self._note(key, f"{shown(key.text)} is given twice, first in line {first}")
            else:
                own[key.text] = (key, value)
        return tuple({**merged, **own}.values())

    def _merge(self, value: YamlNode) -> Iterator[tuple[YamlScalar, YamlNode]]:
        """Yield the pairs that `<<` brings in, those that lose to others first."""
        sources = value.items[::-1] if isinstance(value, YamlList) else (value,)
        for source in sources:
            if isinstance(source, YamlMap):
                yield from source.pairs
            else:
                self._note(source, "<<: expected a mapping, or a list of mappings")

    def _check_tag(self, event: events.NodeEvent) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!" and tag not in _CORE_TAGS:
            self._note(event, f"the tag {shown(tag)} is not supported")

    def _note(self, place: events.Event | YamlNode, message: str) -> None:
        line, column = _position(place)
        self.problems.append(Problem(file=self._file, line=line, column=column, message=message))

    def _stop(self, place: events.Event | YamlNode, message: str) -> None:
        self._note(place, message)
        raise ProjectFileError(self.problems)


def _position(place: events.Event | YamlNode) -> tuple[int, int]:
    if not isinstance(place, events.Event):
        return place.line, place.column
    mark = place.start_mark
    return (0, 0) if mark is None else (mark.line + 1, mark.column + 1)
