"""A TOML file as a tree that knows where its keys stand."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError
from outrig.project.checking import check_shape
from outrig.project.document import Document, YamlList, YamlMap, YamlScalar, decoded
from outrig.project.files import DiskFiles
from outrig.project.problem import Problem, ProjectFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig.project.document import YamlNode
    from outrig.project.schema import MapKind

KeyPath = tuple[str | int, ...]
Place = tuple[int, int]

_TOKEN = re.compile(
    r'"""(?:\\.|"(?!"")|[^\\"])*"{3,5}'
    r"|'''(?:'(?!'')|[^'])*'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}=,.\n]"
    r"|[^\s\[\]{}=,.#\"']+",
    re.DOTALL,
)
_PLACE = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)


def read_toml(path: Path, kind: MapKind) -> Document:
    """Read a TOML file of a shape; raises `ProjectFileError` with all that is wrong in its keys."""
    if not path.exists():
        raise NotFoundError(f"there is no file {path}")
    files = DiskFiles(path.parent)
    document = parse_toml(files.read(path.name), files.label(path.name))
    problems = tuple(check_shape(document, kind, ray_form=False))
    if problems:
        raise ProjectFileError(problems)
    return document


def parse_toml(data: bytes, file: str) -> Document:
    """Parse a TOML file; raises `ProjectFileError` when it is none."""
    text = decoded(data, file).replace("\r\n", "\n")
    try:
        content = tomllib.loads(text)
    except RecursionError:
        raise ProjectFileError([Problem(file=file, message="is nested too deeply")]) from None
    except ValueError as err:
        raise ProjectFileError([_syntax(str(err), file)]) from None
    places = dict(_places(text))
    root = _node(content, (), places, (1, 1))
    return Document(file=file, lines=tuple(text.splitlines()), root=root)


def _syntax(said: str, file: str) -> Problem:
    found = _PLACE.fullmatch(said)
    if found is None:
        return Problem(file=file, message=f"not TOML: {said.partition(';')[0]}")
    line, column = int(found[2]), int(found[3])
    return Problem(file=file, line=line, column=column, message=f"not TOML: {found[1]}")


def _node(value: object, path: KeyPath, places: dict[KeyPath, Place], near: Place) -> YamlNode:
    line, column = place = places.get(path, near)
    if isinstance(value, dict):
        pairs = tuple(
            (_key(name, places.get((*path, name), place)), _node(one, (*path, name), places, place))
            for name, one in value.items()
        )
        return YamlMap(line=line, column=column, pairs=pairs)
    if isinstance(value, list):
        items = tuple(
            _node(one, (*path, number), places, place) for number, one in enumerate(value)
        )
        return YamlList(line=line, column=column, items=items)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    is_number = isinstance(value, bool | int | float)
    return YamlScalar(line=line, column=column, text=text, plain=is_number)


def _key(name: str, place: Place) -> YamlScalar:
    return YamlScalar(line=place[0], column=place[1], text=name)


def _places(text: str) -> Iterator[tuple[KeyPath, Place]]:
    """Yield where keys and tables begin, in a text that is known to be TOML.

    Keys within inline tables are not told apart from the key that these are the value of.
    """
    table: KeyPath = ()
    arrays: dict[KeyPath, int] = {}
    for begin, words in _statements(text):
        if not words:
            continue
        place = text.count("\n", 0, begin) + 1, begin - text.rfind("\n", 0, begin)
        if words[0] == "[":
            is_array = words[1] == "["
            names = [_name(one) for one in words if one not in "[]."]
            table = _resolved(names, arrays, last=not is_array)
            if is_array:
                yield table, place
                arrays[table] = arrays.get(table, -1) + 1
                table = (*table, arrays[table])
            yield table, place
        else:
            names = [_name(one) for one in words if one != "."]
            for end in range(1, len(names) + 1):
                yield (*table, *names[:end]), place


def _statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each statement's begin, and the words of its header or of its key."""
    begin, depth, words, is_value = 0, 0, list[str](), False
    for match in _TOKEN.finditer(text):
        word = match[0]
        if word == "\n" and depth == 0:
            yield begin, words
            words, is_value = [], False
        elif word == "\n" or word.startswith("#"):
            continue
        elif is_value:
            depth += (word in "[{") - (word in "]}")
        elif word == "=":
            is_value = True
        else:
            begin = begin if words else match.start()
            words.append(word)
    yield begin, words


def _name(word: str) -> str:
    return str(tomllib.loads(f"x = {word}")["x"]) if word[0] in "\"'" else word


def _resolved(names: list[str], arrays: dict[KeyPath, int], *, last: bool) -> KeyPath:
    """Return a table's path: below an array of tables it is in the last of them."""
    path: KeyPath = ()
    for number, name in enumerate(names):
        path = (*path, name)
        if path in arrays and (last or number < len(names) - 1):
            path = (*path, arrays[path])
    return path
