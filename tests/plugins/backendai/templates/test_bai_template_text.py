"""What a template may say."""

from __future__ import annotations

import pytest

from outrig.errors import ConfigError
from outrig_backendai.templates.cloning import clone_text, without_credential
from outrig_backendai.templates.document import read_template
from outrig_backendai.templates.template import GitSource, Template

GUIDES = """\
---
api_version: v1
kind: taskTemplate
metadata:
  name: template1234
  tag: example-tag
spec:
  kernel:
    environ:
      MYCONFIG: XXX
    git:
      branch: '19.09'
      commit: 10daee9e328876d75e6d0fa4998d4456711730db
      repository: https://github.com/lablup/backend.ai-agent
      destinationDir: /home/work/baiagent
    image: python:3.6-ubuntu18.04
  resources:
    cpu: '2'
    mem: 4g
  mounts:
    hostpath-test: /home/work/hostDesktop
    test-vfolder:
  sessionType: interactive
"""
LEAST = "apiVersion: v1\nkind: task_template\nmetadata: {name: n}\nspec: {kernel: {image: i%s}%s}\n"


def read(text: str) -> Template:
    """Return what a text says."""
    return read_template(text.encode(), "t.yaml")[0]


def test_the_guides_sample_is_read() -> None:
    template = read(GUIDES)
    assert template.mounts == {"hostpath-test": "/home/work/hostDesktop", "test-vfolder": ""}
    assert template.resources == {"cpu": "2", "mem": "4g"}
    assert (template.type, template.tag) == ("interactive", "example-tag")
    assert template.git is not None
    assert (template.git.branch, template.git.destination) == ("19.09", "/home/work/baiagent")


@pytest.mark.parametrize("key", ["stratup", "startup", "startup_command", "startupCommand"])
def test_every_spelling_of_the_startup_command_counts(key: str) -> None:
    template = read(LEAST % (f", run: {{{key}: python x.py}}", ", type: batch"))
    assert (template.startup_command, template.type) == ("python x.py", "batch")


def test_values_are_text_as_they_were_typed() -> None:
    template = read(LEAST % (", environ: {A: 010, B: no, C: 1.10, D: null, E: ~}", ""))
    assert template.environ == {"A": "010", "B": "no", "C": "1.10", "D": "", "E": ""}


def test_json_is_read_too() -> None:
    text = '{"apiVersion": "v1", "kind": "taskTemplate", "metadata": {"name": "a\\/b"},\n\t'
    text += '"spec": {"kernel": {"image": "i", "environ": {"N": 3}}, "mounts": ["x"]}}'
    template = read(text)
    assert (template.name, template.environ, template.mounts) == ("a/b", {"N": "3"}, {"x": ""})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "t.yaml: is empty"),
        ("- a", "expected keys with values"),
        ("a: [", "t.yaml:2:1: "),
        (LEAST.replace("kind: task_template\n", "") % ("", ""), "kind is missing"),
        (LEAST.replace("task_template", "pod") % ("", ""), "kind: expected taskTemplate"),
        (LEAST.replace("apiVersion: v1\n", "") % ("", ""), "api_version is missing"),
        (LEAST.replace("{name: n}", "{}") % ("", ""), "metadata.name is missing"),
        (LEAST.replace("image: i", "x: i") % ("", ""), "spec.kernel.image is missing"),
        (LEAST % (", imag: x", ""), "t.yaml:4:"),
        (LEAST % ("", ", resources: {cpus: 1}"), "Unknown requested resource slot: cpus"),
        (LEAST % ("", ", type: other"), "spec.type: expected interactive or batch"),
        (LEAST % (", git: {branch: x}", ""), "spec.kernel.git.repository is missing"),
        (LEAST % (", environ: [x]", ""), "spec.kernel.environ: expected names with values"),
        (LEAST % (", environ: {a: {b: c}}", ""), "spec.kernel.environ.a: expected a text"),
        (LEAST % (", run: x", ""), "spec.kernel.run: expected keys with values"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, fault: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        read(text)
    assert fault in str(wrong.value)


def test_a_credential_in_a_url_is_taken_out() -> None:
    git = without_credential(GitSource(repository="https://me:p%40ss@host.example.org/x.git"))
    assert (git.repository, git.username) == ("https://host.example.org/x.git", "me")
    assert git.password == "p@ss"
    assert "p@ss" not in repr(git)
    plain = GitSource(repository="ssh://git@host.example.org/x.git")
    assert without_credential(plain) == plain


def test_a_clone_stays_in_the_home_and_is_quoted() -> None:
    text = clone_text(GitSource(repository="https://example.org/a b.git", branch="x; rm -rf /"))
    assert "-b 'x; rm -rf /'" in text
    assert "-- 'https://example.org/a b.git' \"$HOME\"/'a b'" in text
    with pytest.raises(ConfigError, match="is not below /home/work"):
        clone_text(GitSource(repository="https://example.org/x", destination="../../etc"))
