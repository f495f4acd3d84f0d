"""TOML files as trees that know where their keys stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.errors import NotFoundError
from outrig.project.document import YamlList, YamlMap
from outrig.project.problem import ProjectFileError
from outrig.project.schema import Key, ListKind, MapKind, TextKind
from outrig.project.toml_document import parse_toml, read_toml

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.project.document import YamlNode

TEXT = '''\
# [no.table]
top = 1
[setup]
name = "a" # x = 2
"quoted key" = """many
[not.a.table]
x = 1"""
'lists' = [
  "a", # ]
  "x = [",
]
a.b.c = {z = 1}

  [setup.below]
region="us"
[[job]]
name = 'x'
[[job]]
name = 'y'
  [job.env]
  z = true
'''


def places(node: YamlNode, path: str = "") -> dict[str, tuple[int, int]]:
    """Return where each key stands."""
    found = {}
    if isinstance(node, YamlMap):
        for key, value in node.pairs:
            name = f"{path}.{key.text}"
            found[name] = key.line, key.column
            found.update(places(value, name))
    elif isinstance(node, YamlList):
        for number, item in enumerate(node.items):
            found.update(places(item, f"{path}[{number}]"))
    return found


def test_keys_are_found_where_they_stand() -> None:
    found = places(parse_toml(TEXT.encode(), "f").root)
    assert found == {
        ".top": (2, 1),
        ".setup": (3, 1),
        ".setup.name": (4, 1),
        ".setup.quoted key": (5, 1),
        ".setup.lists": (8, 1),
        ".setup.a": (12, 1),
        ".setup.a.b": (12, 1),
        ".setup.a.b.c": (12, 1),
        ".setup.a.b.c.z": (12, 1),
        ".setup.below": (14, 3),
        ".setup.below.region": (15, 1),
        ".job": (18, 1),
        ".job[0].name": (17, 1),
        ".job[1].name": (19, 1),
        ".job[1].env": (20, 3),
        ".job[1].env.z": (21, 3),
    }


def test_lines_may_end_as_on_windows() -> None:
    assert places(parse_toml(b"a = 1\r\n\r\nb = '''x\r\ny'''\r\nc = 2\r\n", "f").root) == {
        ".a": (1, 1),
        ".b": (3, 1),
        ".c": (5, 1),
    }


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a = \nb = 1\n", "f:1:5: not TOML: Invalid value"),
        (b"a = 1\na = 2\n", "f:2:6: not TOML: Cannot overwrite a value"),
        (b"x = " + b"[" * 100_000, "f: is nested too deeply"),
        (b"x = \xff", "f:1:5: not UTF-8 text (byte 0xff)"),
        (b"x = " + b"1" * 5000, "f: not TOML: Exceeds the limit (4300 digits)"),
        (b"#" * (1 << 20) + b"##", "f: is larger than 1 MiB"),
    ],
)
def test_what_is_no_toml_is_said_with_its_place(data: bytes, said: str) -> None:
    with pytest.raises(ProjectFileError) as caught:
        parse_toml(data, "f")
    assert str(caught.value).startswith(said)


def test_a_file_of_a_shape(tmp_path: Path) -> None:
    kind = MapKind(
        title="it",
        keys=(
            Key(name="name", kind=TextKind(), help=""),
            Key(name="more", kind=ListKind(item=TextKind(), says="a list of texts"), help=""),
        ),
    )
    path = tmp_path / "it.toml"
    path.write_text('\nnome = "x"\nmore = 3\n')
    with pytest.raises(ProjectFileError) as caught:
        read_toml(path, kind)
    first, second = str(caught.value).splitlines()
    assert first.endswith('it.toml:2:1: nome: unknown key, nearest known key "name"')
    assert second.endswith('it.toml:3:1: more: expected a list of texts, found "3"')
    with pytest.raises(NotFoundError, match="there is no file"):
        read_toml(tmp_path / "none.toml", kind)


def test_an_empty_file_has_no_keys() -> None:
    assert places(parse_toml(b"", "f").root) == {}
