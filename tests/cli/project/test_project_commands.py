"""`outrig project`: create, validate, show, list, commands, schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from outrig.cli.application import global_options
from outrig.cli.commands.session.execute import SessionExecute
from outrig.cli.commands.session.start import SessionStart
from outrig.project.options import OWN_OPTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine

PROJECT = """\
name: speech
description: Learns to speak
tags: [a, b]
compute: {provider: local, count: 1, resources: {cpu: 2, memory: 4g}}
environment: {shell: [echo ready]}
output_files: [model.bin]
commands:
  - name: train
    help: Train the model
    command: python train.py --lr {{lr}} --size {{size}}
    params:
      - {name: lr, type: float, default: 0.1, help: learning rate}
      - {name: size, choices: [small, large]}
      - {name: seed, type: int}
  - name: report
    command: cat report.txt
"""


@pytest.fixture
def project(run: CommandLine) -> Path:
    (run.directory / "outrig.yaml").write_text(PROJECT)
    return run.directory


def test_create_then_validate_then_list(run: CommandLine) -> None:
    done = run("project", "create", "mine").checked()
    assert done.out == ""
    assert done.err == (
        'created project "mine": .outrig/id, cluster.yaml, outrig.yaml, requirements.txt\n'
        "next: outrig session start hello\n"
    )
    done = run("project", "validate").checked()
    assert (done.out, done.err) == ("", 'outrig.yaml is valid: project "mine", 1 command\n')
    (listed,) = json.loads(run("project", "list", "--output", "json").checked().out)
    assert (listed["name"], listed["root"]) == ("mine", str(run.directory))


def test_create_takes_the_directorys_name_and_the_given_files(run: CommandLine) -> None:
    (run.directory / "deps.txt").write_text("")
    (run.directory / "c.yaml").write_text("provider: {type: local}\n")
    run("project", "create", "--cluster-yaml", "c.yaml", "--requirements", "deps.txt").checked()
    (shown,) = json.loads(run("project", "show", "--output", "json").checked().out)
    assert (shown["name"], shown["cluster"]) == (run.directory.name, "c.yaml")
    assert shown["environment"] == {"requirements": "deps.txt"}
    assert not (run.directory / "requirements.txt").exists()


def test_create_again_is_refused_and_without_a_name_registers_once(run: CommandLine) -> None:
    (run.directory / "outrig.yaml").write_text("name: old\n")
    done = run("project", "create", "new")
    assert (done.exit_code, done.out) == (2, "")
    assert "there is a project here already: outrig.yaml" in done.err
    assert run("project", "create").checked().err == 'registered project "old"\n'
    done = run("project", "create")
    assert done.exit_code == 2
    assert "This project has already been registered" in done.err


def test_create_as_any_does_it(run: CommandLine) -> None:
    done = run("any", "project", "create")
    assert done.exit_code == 4
    assert "no project file in" in done.err
    made = run("any", "project", "create", "mine").checked()
    assert "next: outrig any session start " in made.err
    assert "output_files: [" in (run.directory / ".rayproject/project.yaml").read_text()
    done = run("any", "project", "validate").checked()
    assert done.err == "Project files validated!\n"
    header, line = run("any", "project", "list").checked().lines
    assert header == "Projects:"
    assert line.startswith(" Project(name=mine created_at=2")
    done = run("any", "project", "create")
    assert done.exit_code == 2
    assert "This project has already been registered" in done.err


def test_validate_says_all_errors_at_once_and_exits_with_3(run: CommandLine) -> None:
    (run.directory / "outrig.yaml").write_text("name: x\nnme: y\ncommands: [{name: t}]\n")
    done = run("project", "validate")
    assert (done.exit_code, done.out) == (3, "")
    assert done.err == (
        'outrig: error: outrig.yaml:2:1: nme: unknown key, nearest known key "name"\n'
        "outrig: error: outrig.yaml:3:12: commands[0].command: is missing, expected text\n"
    )


def test_validate_reads_cluster_files_too(run: CommandLine) -> None:
    (run.directory / "outrig.yaml").write_text("name: x\ncluster: c.yaml\n")
    (run.directory / "c.yaml").write_text("provider: {}\n")
    done = run("project", "validate")
    assert done.exit_code == 3
    assert "c.yaml:1:11: provider.type: is missing" in done.err


def test_validate_warns_of_what_may_not_be_meant(run: CommandLine) -> None:
    (run.directory / "outrig.yaml").write_text(
        "name: x\ncommands: [{name: t, command: a, params: [{name: name, default: b}]}]\n"
    )
    done = run("project", "validate").checked()
    assert "outrig: warning: outrig.yaml:2:50: commands[0].params[0].name: --name is" in done.err
    assert "--param name=VALUE" in done.err


def test_validate_verbose_shows_what_was_understood(run: CommandLine, project: Path) -> None:
    done = run("project", "validate", "--verbose").checked()
    assert done.lines == [
        "name:          speech",
        *done.lines[1:2],
        f"root:          {project}",
        f"file:          {project}/outrig.yaml",
        "form:          outrig",
        "description:   Learns to speak",
        "tags:          a",
        "tags:          b",
        "provider:      local",
        "count:         1",
        "resources:     cpu 2.0",
        "resources:     memory_mib 4096",
        "environment:   shell echo ready",
        "commands:      train",
        "commands:      report",
        "output_files:  model.bin",
    ]
    assert run("project", "show").checked().lines == done.lines


def test_commands_shows_parameters_with_type_choices_and_default(
    run: CommandLine, project: Path
) -> None:
    deep = project / "a" / "b"
    deep.mkdir(parents=True)
    done = run("project", "commands", cwd=deep).checked()
    assert done.err == "Active project: speech\n"
    assert done.lines == [
        "train  Train the model",
        "  --lr    learning rate (float; default 0.1)",
        "  --size  one of small, large; required",
        "  --seed  int; required",
        "report",
    ]
    train, _ = json.loads(run("project", "commands", "--output", "json").checked().out)
    assert train["params"][0] == {
        "name": "lr",
        "type": "float",
        "choices": [],
        "default": 0.1,
        "help": "learning rate",
    }


def test_commands_of_a_project_without_any(run: CommandLine) -> None:
    (run.directory / "outrig.yaml").write_text("name: x\n")
    done = run("project", "commands").checked()
    assert (done.out, done.err) == ("", "Active project: x\nit has no commands\n")


def test_schema_is_json(run: CommandLine) -> None:
    schema = json.loads(run("project", "schema").checked().out)
    assert schema["required"] == ["name"]


@pytest.mark.parametrize("command", ["validate", "show", "commands"])
def test_without_a_project_the_way_to_one_is_shown(run: CommandLine, command: str) -> None:
    done = run("project", command)
    assert (done.exit_code, done.out) == (3, "")
    assert "there is no project in" in done.err
    assert "make one: outrig project create" in done.err


def test_the_list_is_empty_at_first(run: CommandLine) -> None:
    done = run("project", "list").checked()
    assert (done.out, done.err) == ("", "no projects\n")


def test_the_options_that_parameters_cannot_be_are_known() -> None:
    taken = {one.name for one in (*SessionStart.options, *SessionExecute.options)}
    taken |= {one.name for one in global_options()}
    assert taken | {"output"} == OWN_OPTIONS


@pytest.mark.parametrize("name", ["it's $HOME", 'say "hi"', "new\nline", "🚀 {{y}}"])
def test_a_project_may_lie_in_a_directory_of_any_name(run: CommandLine, name: str) -> None:
    directory = run.directory / name
    (directory / "deep").mkdir(parents=True)
    run("project", "create", cwd=directory).checked()
    (shown,) = json.loads(run("project", "show", "--output", "json", cwd=directory / "deep").out)
    assert (shown["name"], shown["root"]) == (name, str(directory))
    assert len(run("project", "validate", cwd=directory).checked().err.splitlines()) == 1
