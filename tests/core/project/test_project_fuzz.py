"""Whatever a file holds, reading it ends in a project or in a `ProjectError`, one line each."""

from __future__ import annotations

import shlex
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrig.errors import OutrigError, ProjectError, UsageError
from outrig.model.project import Command, Parameter, Project, ProjectForm
from outrig.project.compute import resolve_compute
from outrig.project.files import SnapshotFiles
from outrig.project.keys import PROJECT
from outrig.project.parameters import bind
from outrig.project.problem import ProjectFileError
from outrig.project.quoting import fill
from outrig.project.reading import load_project_from
from outrig.project.rendering import render

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

WORDS = [key.name for key in PROJECT.keys] + ["config", "params", "choices", "default", "type"]
FRAGMENTS = [*WORDS, ": ", "\n", "  ", "- ", "[", "]", "{", "}", "&a ", "*a", "<<", "'", '"', "|\n"]
FRAGMENTS += [
    "{{x}}",
    "!!int ",
    "--- ",
    "?",
    "#",
    "\t",
    "\ufeff",
    "int",
    "1",
    "~",
    "\x00",
    "é",
    "\r\n",
]

YAML_LIKE = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=25,
)


def refusal(data: bytes) -> OutrigError | None:
    """Read a project; returns how it was refused, `None` when it was not."""
    files = SnapshotFiles.of({"outrig.yaml": data, "name": b"", "config": data})
    try:
        project = load_project_from(files, Path("/"))
        resolve_compute(project, None, None, files)
    except (ProjectError, UsageError) as err:
        return err
    return None


def is_short(err: OutrigError | None) -> bool:
    """Tell whether an error is one line, or one for each of at most 20 problems."""
    if isinstance(err, ProjectFileError):
        one_each = all("\n" not in str(problem) for problem in err.problems)
        return one_each and len(str(err).split("\n")) <= 21
    return "\n" not in str(err)


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    assert is_short(refusal(data))


@QUICK
@given(YAML_LIKE)
def test_anything_like_yaml(text: str) -> None:
    assert is_short(refusal(text.encode()))


@QUICK
@given(VALUES)
def test_any_value_in_any_place(value: object) -> None:
    assert is_short(refusal(yaml.safe_dump(value, allow_unicode=True).encode()))


SHELL = [
    "{{x}}",
    "{{ x|raw }}",
    "\\",
    "'",
    '"',
    "`",
    "$(",
    "${",
    "$((",
    "((",
    ")",
    "}",
    "<<E\n",
    "E\n",
]
SHELL += ["<<'E'\n", "\n", "#", " ", "case ", "$'", "a", "$", "{{y}}", "((", "<<<", "\t"]


@QUICK
@given(st.lists(st.sampled_from(SHELL), max_size=25).map("".join), st.text(max_size=8))
def test_any_template_renders_or_says_why_not(template: str, value: str) -> None:
    refused: OutrigError | None = None
    text = template
    try:
        text = fill(template, {"x": value, "y": "1"}, "t")
    except UsageError as err:
        refused = err
    assert is_short(refused)
    if "{{" not in template:
        assert text == template


@QUICK
@given(st.text(max_size=20))
def test_any_value_binds_or_says_why_not(value: str) -> None:
    command = Command(name="t", command="a {{x}}", params=(Parameter(name="x"),))
    project = Project(name="p", root=Path("/"), file=Path("/p"), form=ProjectForm.OUTRIG)
    refused: OutrigError | None = None
    words = ["a", value]
    try:
        words = shlex.split(render(project, command, bind(command, {"x": value})))
    except OutrigError as err:
        refused = err
    assert is_short(refused)
    assert words == ["a", value]
