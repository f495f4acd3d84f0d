"""Values must arrive exactly: every template here is run by real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.errors import UsageError
from outrig.model.project import Command, Parameter, Project, ProjectForm
from outrig.project.parameters import bind
from outrig.project.rendering import render

if TYPE_CHECKING:
    from collections.abc import Callable

SHELLS = [shell for shell in ("sh", "dash", "bash", "zsh", "ksh") if shutil.which(shell)]

NASTY = [
    "plain",
    "",
    "-",
    "-1",
    "two words",
    "  edges  ",
    "it's",
    'say "hi"',
    "$HOME ${HOME} $(echo no) `echo no`",
    "back\\slash\\",
    "\\",
    "'",
    '"',
    "'\"'\"'",
    "new\nline\n",
    "tab\there",
    "🚀 ünï",
    "{{x}} {{y}}",
    "a;b&c|d<e>f#g",
    "#",
    "~",
    "**",
    "!",
    "$(",
    "EOF",
    "a\nEOF\nb",
    "a\r\nb",
]

EXACT: dict[str, tuple[str, Callable[[str], list[list[str]]]]] = {
    "unquoted": ("show {{x}}", lambda v: [[v]]),
    "glued": ("show pre{{x}}post", lambda v: [[f"pre{v}post"]]),
    "option": ("show --lr={{ x }}", lambda v: [[f"--lr={v}"]]),
    "assignment": ('v={{x}}; show "$v"', lambda v: [[v]]),
    "single quotes": ("show '{{x}}'", lambda v: [[v]]),
    "inside single quotes": ("show 'it is <{{x}}> $V'", lambda v: [[f"it is <{v}> $V"]]),
    "double quotes": ('show "{{x}}"', lambda v: [[v]]),
    "inside double quotes": ('show "<{{x}}> $((1+1)) \\""', lambda v: [[f'<{v}> 2 "']]),
    "after quotes": ("show 'a'\"b\"{{x}}", lambda v: [[f"ab{v}"]]),
    "substitution": ('show "$(show {{x}})"', lambda v: [[shown(v)]]),
    "quoted in substitution": ('show "$(show "{{x}}")" {{x}}', lambda v: [[shown(v), v]]),
    "nested substitution": ('show "$(a=$(show {{x}}); printf %s "$a")"', lambda v: [[shown(v)]]),
    "subshell": ("(show {{x}})", lambda v: [[v]]),
    "braces": ("{ show {{x}}; }", lambda v: [[v]]),
    "list": ("true && show {{x}} || show no", lambda v: [[v]]),
    "after a comment": ("# it's $( ` \"\nshow {{x}}", lambda v: [[v]]),
    "in a comment": ("show a # {{x}}\nshow {{x}}", lambda v: [["a"], [v]]),
    "not a comment": ("show a#{{x}} $# 'b'", lambda v: [[f"a#{v}", "0", "b"]]),
    "continued line": ("show a \\\n  {{x}}", lambda v: [["a", v]]),
    "after escaped quotes": ("show \\' {{x}} \\\"", lambda v: [["'", v, '"']]),
    "around a here-document": (
        "show {{x}} <<EOF\n'\nEOF\nshow {{x}}",
        lambda v: [[v], [v]],
    ),
    "two here-documents": (
        "cat <<A >/dev/null; cat <<-'B' >/dev/null\n'\nA\n\t\"\n\tB\nshow '{{x}}'",
        lambda v: [[v]],
    ),
    "here-document in a substitution": (
        'show "$(cat <<EOF\n\'\nEOF\n)" {{x}}',
        lambda v: [["'", v]],
    ),
    "two values": ("show {{x}} '{{x}}'", lambda v: [[v, v]]),
    "case": ("case a in a) show {{x}};; esac; show '{{x}}'", lambda v: [[v], [v]]),
    "loop": ('for v in {{x}}; do show "$v"; done', lambda v: [[v]]),
    "expansions before": (
        'a=1; show ${a#x} "${a:-y}" $((a<<2)) {{x}}',
        lambda v: [["1", "1", "4", v]],
    ),
    "backquotes before": ('show `echo a` "{{x}}"', lambda v: [["a", v]]),
}


SHOW = "show() { printf '%s\\001' \"$@\"; printf '\\002'; }\n"
"""Prints its arguments, each ended by a byte that no value here has."""


def shown(*arguments: str) -> str:
    return "".join(f"{one}\x01" for one in arguments) + "\x02"


def shell_of(template: str, value: str) -> str:
    command = Command(name="t", command=template, params=(Parameter(name="x"),))
    project = Project(name="p", root=Path("/"), file=Path("/outrig.yaml"), form=ProjectForm.OUTRIG)
    return render(project, command, bind(command, {"x": value}))


def run(shell: str, text: str) -> str:
    # zsh needs its sh emulation to read # comments as the standard says.
    options = ["--emulate", "sh"] if shell == "zsh" else []
    environment = {"PATH": os.environ["PATH"], "HOME": "/home", "LC_ALL": "C.UTF-8"}
    argv = [shell, *options, "-c", SHOW + text]
    done = subprocess.run(argv, capture_output=True, env=environment, timeout=30, check=False)
    return done.stdout.decode() + done.stderr.decode()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", EXACT)
def test_the_value_arrives_exactly(shell: str, name: str) -> None:
    template, arguments = EXACT[name]
    text = "\n".join(shell_of(template, value) for value in NASTY)
    expected = [shown(*line) for value in NASTY for line in arguments(value)]
    assert run(shell, text) == "".join(expected)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("opening", ["<<END_OF_TEXT", "<<'END_OF_TEXT'"])
def test_a_here_document_gets_the_value_as_it_is(shell: str, opening: str) -> None:
    for value in NASTY:
        text = shell_of(f"cat {opening}\n<{{{{x}}}}>\nEND_OF_TEXT\nshow {{{{x}}}}", value)
        assert run(shell, text) == f"<{value}>\n{shown(value)}"


@pytest.mark.parametrize(
    "template",
    ["cat <<EOF\n{{x}}\nEOF\n", "cat <<EOF\n{{x}}\\\n\nEOF\n", "cat <<-'EOF'\n\t{{x}}\n\tEOF\n"],
)
@pytest.mark.parametrize("value", ["EOF", "a\nEOF\nshow evil", "a\nEOF"])
def test_no_value_ends_a_here_document(template: str, value: str) -> None:
    with pytest.raises(
        UsageError, match=r"would end the here-document in line 2|cannot be quoted safely"
    ):
        shell_of(template, value)


@pytest.mark.parametrize(
    ("template", "where"),
    [
        ("show `show {{x}}`", "inside backquotes"),
        ('show "`show "{{x}}"`"', "inside double quotes"),
        ("show $(({{x}} + 1))", r"inside \(\(…\)\)"),
        ("((y = {{x}}))", r"inside \(\(…\)\)"),
        ("show ${y:-{{x}}}", r"inside \$\{…\}"),
        ("show \"${y:-'{{x}}'}\"", r"inside \$\{…\}"),
        ("show $'{{x}}'", r"inside \$'…'"),
        ("show ${{x}}", "outside quotes"),
        ("show $(case a in a) show '{{x}}';; esac)", "inside single quotes"),
        ("cat <<EOF\n{{x}}\n", "in a here-document"),
        ("cat <<EOF\na\\\nEOF\n show {{x}}", "outside quotes"),
        ("cat <<EOF\n`show {{x}}`\nEOF\n", "inside backquotes"),
    ],
)
def test_where_nothing_quotes_safely_only_plain_values_get_in(template: str, where: str) -> None:
    assert "v-1.0" in shell_of(template, "v-1.0")
    for value in ("$(touch pwned)", "a b", "x[$(touch pwned)]", "'", "`id`", ""):
        with pytest.raises(UsageError, match=f'^command "t": .* stands {where}, where'):
            shell_of(template, value)


def test_raw_opts_out_and_a_backslash_keeps_the_braces() -> None:
    assert shell_of("show {{x|raw}} {{ x | raw }}", "a b") == "show a b a b"
    assert shell_of("show '\\{{x}}' {{x}} {{.Names}}", "1") == "show '{{x}}' 1 {{.Names}}"
    assert shell_of("show \\\\{{x}}", "1") == "show \\\\1"


def test_the_prefix_stands_before_the_command() -> None:
    project = Project(
        name="p",
        root=Path("/"),
        file=Path("/outrig.yaml"),
        form=ProjectForm.OUTRIG,
        prefix="source env.sh",
    )
    command = Command(name="t", command="train")
    assert render(project, command, bind(command, {})) == "source env.sh\ntrain"


def test_old_projects_may_write_underscores() -> None:
    command = Command(name="t", command="a {{n_g}}", params=(Parameter(name="n-g"),))
    old = Project(name="p", root=Path("/"), file=Path("/p"), form=ProjectForm.RAY_07)
    assert render(old, command, bind(command, {"n-g": "a b"})) == "a 'a b'"
    new = Project(name="p", root=Path("/"), file=Path("/p"), form=ProjectForm.RAY_08)
    with pytest.raises(UsageError, match=r'^command "t" has no parameter for "\{\{n_g\}\}"$'):
        render(new, command, bind(command, {"n-g": "1"}))


def test_an_unexpanded_wildcard_is_no_value() -> None:
    command = Command(name="t", command="{{a}}", params=(Parameter(name="a", choices=("1", "2")),))
    project = Project(name="p", root=Path("/"), file=Path("/p"), form=ProjectForm.OUTRIG)
    with pytest.raises(UsageError, match='"\\*" for a is no value'):
        render(project, command, bind(command, {"a": "*"}))
