from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from outrig.errors import ProjectError
from outrig.project.location import ProjectLocation
from outrig.project.problem import ProjectFileError
from outrig.project.reading import load_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.model.project import Project

    Read = Callable[..., Project]


def lines_of(read: Read, text: str | bytes, file: str = "outrig.yaml") -> list[str]:
    with pytest.raises(ProjectFileError) as caught:
        read(text, file)
    return str(caught.value).split("\n")


def test_all_errors_are_said_at_once_each_in_one_line_where_it_stands(read: Read) -> None:
    text = """\
name: x
nme: y
commands:
  - name: t
    command: |
      echo {{a}} \\{{kept}}
      echo {{lrr}} {{.X}}
    params:
      - {name: a, type: int, default: 1e3, choices: [1, 010]}
      - {name: lr, type: flot}
      - {name: lr}
  - command: [a]
    name: t
environment: {requirements: nope.txt, dockerfile: ., image: d}
compute: {count: 0, resources: {cpu: x, memry: 1}}
name: z
"""
    assert lines_of(read, text) == [
        'outrig.yaml:2:1: nme: unknown key, nearest known key "name"',
        (
            "outrig.yaml:7:12: commands[0].command: unknown parameter {{lrr}} in the command, "
            'nearest known parameter "lr"'
        ),
        (
            "outrig.yaml:9:39: commands[0].params[0].default: "
            'expected a whole number (type: int), found "1e3"'
        ),
        (
            "outrig.yaml:10:26: commands[0].params[1].type: "
            'expected one of str, int, float, found "flot"'
        ),
        'outrig.yaml:11:16: commands[0].params[2].name: "lr" is declared twice, first in line 10',
        "outrig.yaml:12:14: commands[1].command: expected text, found a list",
        (
            "outrig.yaml:14:29: environment.requirements: "
            'file "nope.txt" does not exist in the project'
        ),
        'outrig.yaml:14:51: environment.dockerfile: "." is a directory, expected a file',
        (
            "outrig.yaml:14:61: environment.image: is given beside dockerfile; "
            "only one of them can make the container"
        ),
        'outrig.yaml:15:18: compute.count: expected a whole number from 1 to 10000, found "0"',
        'outrig.yaml:15:38: compute.resources.cpu: cpu "x" is not a number',
        'outrig.yaml:15:41: compute.resources.memry: unknown key, nearest known key "memory"',
        'outrig.yaml:16:1: "name" is given twice, first in line 1',
    ]


def test_a_key_at_the_wrong_level_is_told_where_it_belongs(read: Read) -> None:
    text = "name: demo\nprovider: acme\nrequirements: [numpy]\n"
    assert lines_of(read, text) == [
        'outrig.yaml:2:1: provider: unknown key, it belongs below "compute"',
        'outrig.yaml:3:1: requirements: unknown key, it belongs below "environment"',
    ]


def test_errors_are_a_list_too(read: Read) -> None:
    with pytest.raises(ProjectFileError) as caught:
        read("name: x\n\ntgas: []\n")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.path) == (3, 1, "tgas")
    assert caught.value.exit_code == 3


def test_at_most_twenty_are_shown_and_the_rest_counted(read: Read) -> None:
    text = "name: x\n" + "".join(f"key{number}: 1\n" for number in range(30))
    said = lines_of(read, text)
    assert len(said) == 21
    assert said[-1] == "and 10 more"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"", "outrig.yaml: is empty"),
        (b"# only a comment\n", "outrig.yaml: is empty"),
        (b"~\n", "outrig.yaml: is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "outrig.yaml:1:1: not UTF-8 text (byte 0x89)"),
        (b"name: x\nhelp: \xff\n", "outrig.yaml:2:7: not UTF-8 text (byte 0xff)"),
        (b"name: \0\n", "outrig.yaml:1:7: not text: it has the character U+0000"),
        (b"name: x\n\tcommands: 1\n", "outrig.yaml:2:1: a tab cannot indent YAML; use spaces"),
        (b"x" * (10 << 20), "outrig.yaml: is larger than 1 MiB, which no project file is"),
        (b"- a\n- b\n", "outrig.yaml:1:1: expected a mapping with name and commands, found a list"),
        (b"hello\n", 'outrig.yaml:1:1: expected a mapping with name and commands, found "hello"'),
        (
            b"name: x\n---\nname: y\n",
            "outrig.yaml:2:1: a second document begins here; a project file has one",
        ),
        (b"name: &a [*a]\n", "outrig.yaml:1:11: *a stands inside what it names"),
        (b"name: *b\n", "outrig.yaml:1:7: *b names no anchor above"),
        (b"name: " + b"[" * 10_000, "outrig.yaml:1:56: nested deeper than 50 levels"),
        (b"name: !!python/name:os.system x\n", 'outrig.yaml:1:7: the tag "tag:yaml.org,2002:'),
        (b"commands: []\n", "outrig.yaml:1:1: name: is missing, expected text"),
        (b"name:\n", "outrig.yaml:1:1: name: is missing, expected text"),
        (b"name: ''\n", 'outrig.yaml:1:7: name: expected text, found ""'),
        (b"name: [x]\n", "outrig.yaml:1:7: name: expected text, found a list"),
        (b"name: x\nenvironment: a\n", "outrig.yaml:2:14: environment: expected a mapping, found"),
        (b"name: {{x}}\n", "outrig.yaml:1:8: a key must be text; put text that begins"),
        (b"name: 'x\n", "outrig.yaml:2:1: found unexpected end of stream"),
        (b"name: x\ncluster: nope.yaml\n", 'outrig.yaml:2:10: cluster: file "nope.yaml" does not'),
        (
            b"name: x\nenvironment: {requirements: ../r.txt}\n",
            'outrig.yaml:2:29: environment.requirements: "../r.txt" is outside the project, so',
        ),
        (b"name: x\nmetrics_file: ../m\n", 'outrig.yaml:2:15: metrics_file: "../m" is no file in'),
        (
            b"name: x\ncommands: [{name: t, command: a, params: [{name: 'a b'}]}]\n",
            "outrig.yaml:2:50: commands[0].params[0].name: expected a name of letters, digits",
        ),
        (
            (
                b"name: x\ncommands: [{name: t, command: a, "
                b"params: [{name: p, choices: [a, b], default: c}]}]\n"
            ),
            'outrig.yaml:2:79: commands[0].params[0].default: "c" is not among the choices ("a", ',
        ),
        (
            b"name: x\ncommands: [{name: t, command: a, config: {port_forward: 99999}}]\n",
            "outrig.yaml:2:57: commands[0].config.port_forward: expected a whole number from 1 to",
        ),
    ],
)
def test_bad_input_gets_one_clear_line(read: Read, text: bytes, line: str) -> None:
    (said,) = lines_of(read, text)
    assert said.startswith(line)


def test_an_alias_bomb_is_refused_before_it_unfolds(read: Read) -> None:
    levels = "".join(
        f"l{number}: &l{number} [{', '.join([f'*l{number - 1}'] * 10)}]\n"
        for number in range(1, 30)
    )
    (said,) = lines_of(read, f"l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n{levels}")
    assert "has more than 100000 values, counting aliases as often as used" in said


def test_a_chain_of_aliases_is_as_deep_as_what_it_names(read: Read) -> None:
    levels = "".join(f"l{number}: &l{number} [*l{number - 1}]\n" for number in range(1, 100))
    (said,) = lines_of(read, f"l0: &l0 [x]\n{levels}")
    assert "nested deeper than 50 levels" in said


def test_keys_of_outrigs_own_are_refused_in_rays_files(root: Path, read: Read) -> None:
    (root / "c.yaml").write_text("provider: {type: local}\n")
    text = "name: x\ncluster: c.yaml\nstore: s3://x\n"
    assert lines_of(read, text, ".rayproject/project.yaml") == [
        (
            ".rayproject/project.yaml:3:1: store: "
            "this key is Outrig's own; it needs the project file to be outrig.yaml"
        )
    ]


def test_rays_files_need_a_cluster(read: Read) -> None:
    assert lines_of(read, "name: x\n", "ray-project/project.yaml") == [
        (
            "ray-project/project.yaml:1:1: cluster: is missing, "
            "expected a file's path or a mapping with config"
        )
    ]


def test_old_placeholders_are_only_for_old_files(root: Path, read: Read) -> None:
    (root / "c.yaml").write_text("provider: {type: local}\n")
    commands = "commands: [{name: t, command: 'a {{n_g}}', params: [{name: n-g}]}]\n"
    assert read(f"name: x\ncluster: c.yaml\n{commands}", ".rayproject/project.yaml").commands
    (said,) = lines_of(read, f"name: x\ncluster: c.yaml\n{commands}")
    assert said.endswith('unknown parameter {{n_g}} in the command, nearest known parameter "n-g"')


def test_a_directory_a_fifo_or_nothing_in_the_files_place(root: Path) -> None:
    location = ProjectLocation(root=root, file="outrig.yaml")
    with pytest.raises(ProjectError, match=r"^outrig\.yaml: cannot be read: No such file"):
        load_project(location)
    os.mkfifo(root / "outrig.yaml")
    with pytest.raises(ProjectError, match=r"^outrig\.yaml: is a special file, expected a file$"):
        load_project(location)
    (root / "outrig.yaml").unlink()
    (root / "outrig.yaml").mkdir()
    with pytest.raises(ProjectError, match=r"^outrig\.yaml: is a directory, expected a file$"):
        load_project(location)
    (root / "outrig.yaml").rmdir()
    (root / "outrig.yaml").symlink_to("outrig.yaml")
    with pytest.raises(ProjectError, match=r"^outrig.yaml: "):
        load_project(location)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file(root: Path) -> None:
    (root / "outrig.yaml").write_text("name: x\n")
    (root / "outrig.yaml").chmod(0)
    with pytest.raises(ProjectError, match=r"^outrig.yaml: cannot be read: Permission denied$"):
        load_project(ProjectLocation(root=root, file="outrig.yaml"))


def test_messages_stay_one_line_whatever_the_names_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "new\nline \x1b[31m"
    root.mkdir()
    monkeypatch.chdir("/")
    (root / "outrig.yaml").write_text('"a\\nb\\e": 1\nname: x\n')
    with pytest.raises(ProjectFileError) as caught:
        load_project(ProjectLocation(root=root, file="outrig.yaml"))
    (line,) = str(caught.value).split("\n")
    assert "new\\nline \\x1b[31m/outrig.yaml:1:1: a\\nb\\x1b: unknown key" in line
