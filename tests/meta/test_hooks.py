"""Every hook says what it is for, and is tested."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from pathlib import Path

import pytest

from outrig import hookspecs

ROOT = Path(__file__).resolve().parents[2]
HOOKS = hookspecs.hook_names()
FIRST_RESULT = {*hookspecs.PROVIDER_HOOKS, *hookspecs.STORE_HOOKS, *hookspecs.EXPANDER_HOOKS}


def docstring(name: str) -> str:
    """Return a hook's docstring without its indentation."""
    return inspect.getdoc(getattr(hookspecs, name)) or ""


def test_every_specification_is_listed() -> None:
    specified = {name for name, value in vars(hookspecs).items() if hasattr(value, "outrig_spec")}
    assert specified == set(HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_the_docstring_tells_who_calls_what_comes_back_and_what_fails(name: str) -> None:
    text = docstring(name)
    assert re.match(r"[A-Z][^\n]*[.:;]?", text)
    assert re.search(r"\b(Called|Heard)\b", text), "who calls it, and when"
    assert re.search(r"\b[Rr]aises?\b", text), "what it may raise"
    if name in FIRST_RESULT:
        assert re.search(r"\b(Return|Give|List|Hand|Turn|Make|Start|Supply|Tell|Keep|Drop)", text)
        assert "`None`" in text, "what None means"


@pytest.mark.parametrize("name", HOOKS)
def test_the_docstring_has_an_example_with_the_hooks_arguments(name: str) -> None:
    indented = re.findall(r"(?:^    .*\n?)+", docstring(name), re.M)
    assert indented, "an example"
    (function,) = ast.parse(textwrap.dedent(indented[-1])).body
    assert isinstance(function, ast.FunctionDef)
    assert function.name == name
    wanted = list(inspect.signature(getattr(hookspecs, name)).parameters)
    assert [argument.arg for argument in function.args.args] == ["self", *wanted]


@pytest.mark.parametrize("name", HOOKS)
def test_some_test_implements_or_calls_the_hook(name: str) -> None:
    pattern = re.compile(rf"\bdef {name}\(|\b{name}\(|\.{name}\b")
    tests = (ROOT / "tests").rglob("test_*.py")
    kit = (ROOT / "core/outrig/testing").rglob("*.py")
    assert any(pattern.search(path.read_text()) for path in (*tests, *kit))
