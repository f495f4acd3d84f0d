"""The text of the program that nodes get: any Python from 3.8 on takes it."""

from __future__ import annotations

import ast
import shlex
import sys
from collections import Counter
from pathlib import Path

import outrig_backendai.place.program
from outrig_backendai.place.entering import bring_program, inside, set_up
from outrig_backendai.place.program_text import MODULES, program_text
from outrig_backendai.place.record import Place

FOLDER = Path(outrig_backendai.place.program.__file__).parent


def test_every_module_is_in_the_text_and_none_needs_more_than_an_old_python() -> None:
    names = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    tree = ast.parse(program_text(), feature_version=(3, 8))
    imported = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert names == set(MODULES)
    assert imported <= sys.stdlib_module_names
    assert "import outrig" not in program_text()
    assert "from outrig" not in program_text()


def test_no_name_is_given_twice() -> None:
    names: list[str] = []
    for node in ast.parse(program_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [one.id for one in ast.walk(node.targets[0]) if isinstance(one, ast.Name)]
    assert [name for name, count in Counter(names).items() if count > 1] == ["TYPE_CHECKING"]


def test_texts_of_users_are_quoted_for_the_shell() -> None:
    assert inside(Place(), "echo 'x' \"$y\"").endswith(""" run 'echo '"'"'x'"'"' "$y"'""")
    text = set_up(Place(environ={"X": "'; $(rm -rf)\nEND-OF-PLACE\n"}))
    before, record, end, after = text.rsplit("\n", 3)
    assert before.endswith("<<'END-OF-PLACE'")
    assert "$(rm -rf)\\nEND-OF-PLACE" in record
    assert (end, after) == ("END-OF-PLACE", "")


def test_setting_up_is_a_short_text_whose_program_the_node_keeps() -> None:
    assert len(set_up(Place())) < 3000
    assert program_text() in shlex.split(bring_program())
