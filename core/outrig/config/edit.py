"""Changing one key of a configuration file and leaving the rest of its text as it is."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

import yaml

from outrig.config.file import is_blank, read_bytes
from outrig.config.sections import parse_yaml
from outrig.errors import ConfigError
from outrig.project.document import YamlScalar
from outrig.project.scalars import plain_value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrig.project.scalars import PlainValue

_COMMENT = re.compile(
    r"""(?:[ \t]*+(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?!["'])(?:(?![ \t]+\#).)*))?([ \t]+\#.*)"""
)
"""What follows a key's colon, up to a comment after the value."""

Tree = dict[str, "PlainValue"]


def set_key(path: Path, key: str, value: PlainValue) -> None:
    """Set `providers.aws.region` or the like; the file and its directory are made when missing.

    Comments and order stay; where the text is too unusual for that, it is written anew.
    """
    text = _text(path)
    tree = _tree(text, path)
    _put(tree, key.split("."), value)
    _write(path, _verified(_with_key(text, key.split("."), value), tree))


def unset_key(path: Path, key: str) -> bool:
    """Remove a key; false when it was not there."""
    text = _text(path)
    tree = _tree(text, path)
    if not _drop(tree, key.split(".")):
        return False
    _write(path, _verified(_without_key(text, key.split(".")), tree))
    return True


def _text(path: Path) -> str:
    data = read_bytes(path) or b""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text") from error


def _tree(text: str, file: Path | None = None) -> Tree:
    data = text.encode()
    if is_blank(data):
        return {}
    value = plain_value(parse_yaml(data, str(file or "config.yaml")).root)
    if not isinstance(value, dict):
        raise ConfigError(f"{file}:1: expected keys with values, as in `provider: local`")
    return value


def _verified(text: str | None, tree: Tree) -> str:
    """Return the changed text if it says what it should, else the tree written anew."""
    if text is not None:
        with suppress(ConfigError):
            if _tree(text) == tree:
                return text
    return _dump(tree, flow=False) if tree else ""


def _put(tree: Tree, names: Sequence[str], value: PlainValue) -> None:
    for name in names[:-1]:
        below = tree.get(name)
        if not isinstance(below, dict):
            below = tree[name] = {}
        tree = below
    tree[names[-1]] = value


def _drop(tree: Tree, names: Sequence[str]) -> bool:
    below = tree.get(names[0])
    if len(names) == 1:
        return tree.pop(names[0], tree) is not tree
    if not isinstance(below, dict) or not _drop(below, names[1:]):
        return False
    if not below:
        del tree[names[0]]
    return True


def _lines(text: str) -> list[str]:
    """Split at line feeds alone: YAML text may hold other characters that Python splits at."""
    return text.removesuffix("\n").split("\n") if text else []


def _with_key(text: str, names: Sequence[str], value: PlainValue) -> str | None:
    lines = _lines(text)
    start, end, depth = _deepest(lines, names)
    if depth == len(names):
        return _replaced(lines, start, end, value)
    indent = _indent(lines, start, end) if depth else ""
    added = []
    for number, name in enumerate(names[depth:]):
        last = depth + number == len(names) - 1
        added.append(f"{indent}{'  ' * number}{_flow(name)}:{f' {_flow(value)}' if last else ''}")
    if depth == 0:
        return "\n".join([*lines, *added]) + "\n"
    position = end
    while position > start + 1 and not lines[position - 1].strip():
        position -= 1
    return "\n".join([*lines[:position], *added, *lines[position:]]) + "\n"


def _without_key(text: str, names: Sequence[str]) -> str | None:
    lines = _lines(text)
    start, end, depth = _deepest(lines, names)
    if depth != len(names):
        return None
    return "".join(f"{line}\n" for line in [*lines[:start], *lines[end:]])


def _deepest(lines: Sequence[str], names: Sequence[str]) -> tuple[int, int, int]:
    """Find the lines of the deepest of the nested keys that is there, and how deep that is."""
    start, end, depth, inside = 0, len(lines), 0, -1
    for name in names:
        begin = 0 if depth == 0 else start + 1
        found = _find(lines, name, begin, end, inside)
        if found is None:
            break
        start, end, inside = found
        depth += 1
    return start, end, depth


def _find(
    lines: Sequence[str], name: str, begin: int, end: int, inside: int
) -> tuple[int, int, int] | None:
    """Find the lines of one key in a block whose own key is indented by `inside` columns."""
    pattern = re.compile(rf"( *)(['\"]?){re.escape(name)}\2\s*:(\s|$)")
    column = None
    for number in range(begin, end):
        line = lines[number]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        here = len(line) - len(line.lstrip(" "))
        column = here if column is None and here > inside else column
        if here == column and pattern.match(line):
            return number, _block_end(lines, number, end, here), here
    return None


def _block_end(lines: Sequence[str], start: int, end: int, column: int) -> int:
    last = start + 1
    for number in range(start + 1, end):
        line = lines[number]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        here = len(line) - len(line.lstrip(" "))
        if here < column or (here == column and not line.lstrip().startswith("- ")):
            break
        last = number + 1
    return last


def _indent(lines: Sequence[str], start: int, end: int) -> str:
    """Return the indent of the keys in the block whose key stands in line `start`."""
    own = len(lines[start]) - len(lines[start].lstrip(" "))
    for line in lines[start + 1 : end]:
        here = len(line) - len(line.lstrip(" "))
        if line.strip() and not line.lstrip().startswith("#") and here > own:
            return " " * here
    return " " * (own + 2)


def _replaced(lines: Sequence[str], start: int, end: int, value: PlainValue) -> str:
    head, _, rest = lines[start].partition(":")
    comment = _COMMENT.fullmatch(rest) if end == start + 1 else None
    line = f"{head}: {_flow(value)}{comment[1] if comment else ''}"
    return "\n".join([*lines[:start], line, *lines[end:]]) + "\n"


class _Dumper(yaml.SafeDumper):
    """Quotes text that our own reader would take for something else."""


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    as_plain = plain_value(YamlScalar(line=0, column=0, text=text, plain=True))
    style = None if as_plain == text else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _dump(value: object, *, flow: bool) -> str:
    dumped: str = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=flow,
        allow_unicode=True,
        width=1_000_000,
        sort_keys=False,
    )
    return dumped


def _flow(value: PlainValue) -> str:
    return _dump(value, flow=True).removesuffix("...\n").strip("\n ")


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all, readable by the user alone; a link stays a link."""
    target = path.resolve()
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".config-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(name, target)  # noqa: PTH105 - a name, not a path
        except BaseException:
            with suppress(OSError):
                os.unlink(name)  # noqa: PTH108 - a name, not a path
            raise
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
