"""`outrig plugin`: what is listed, and what is said of plugins that cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker
    from outrig.testing.result import Result

GOOD = """
from outrig.api import Provider
class Acme(Provider):
    def provision(self, request, context): return ()
    def list_nodes(self, query, context): return None
    def release(self, targets, how, context): return None
"""
POLICY = """
from outrig.api import hookimpl
@hookimpl{}
def {}
"""


def rows(done: Result) -> list[dict[str, object]]:
    found = done.json()
    assert isinstance(found, list)
    return found


def test_list_says_what_each_plugin_adds_and_what_importing_it_costs(
    run: CommandLine, plugins: PluginMaker
) -> None:
    plugins(
        "acme-cloud",
        entry_points={
            "outrig.providers": {"acme": "acme:Acme"},
            "outrig.extensions": {"audit": "acme"},
        },
        files={"acme.py": "raise SystemExit('imported')"},
        version="2.1",
    )
    found = rows(run("plugin", "list", "--output", "json").checked())
    acme = next(row for row in found if row["name"] == "acme")
    assert acme == {
        "name": "acme",
        "kind": "provider",
        "version": "2.1",
        "distribution": "acme-cloud",
        "adds": "nodes for projects with provider: acme",
        "import_ms": None,
    }
    session = next(row for row in found if row["name"] == "session")
    assert str(session["adds"]).startswith("session: ")
    assert "start" in str(session["adds"])


def test_hooks_are_listed_in_the_order_they_are_called(
    run: CommandLine, plugins: PluginMaker
) -> None:
    plugins(
        "rules",
        entry_points={"outrig.extensions": {"b": "b:B", "a": "a:A", "z": "z:Z"}},
        files={
            name.lower() + ".py": f"from outrig.api import hookimpl\nclass {name}:\n"
            f"    @hookimpl{mark}\n    def {hook}\n"
            for name, mark, hook in (
                ("A", "", "review_plan(self, plan): return None"),
                ("B", "", "review_plan(self, plan): return None"),
                ("Z", "(wrapper=True, tryfirst=True)", "provision(self): return (yield)"),
            )
        },
    )
    found = rows(run("plugin", "list", "--hooks", "--output", "json").checked())
    assert [(row["hook"], row["position"], row["name"], row["how"]) for row in found] == [
        ("provision", 1, "z", "wraps"),
        ("review_plan", 1, "a", "hears"),
        ("review_plan", 2, "b", "hears"),
    ]


BROKEN: dict[str, tuple[str, str]] = {
    "raises": ("raise RuntimeError('no')", "does not load: RuntimeError: no"),
    "exits": ("import sys; sys.exit()", "does not load: SystemExit"),
    "dies": ("import os; os._exit(0)", "importing it ended the process"),
    "lacks": ("import acme_sdk_that_is_not_there", "does not load: ModuleNotFoundError"),
    "half": ("from outrig.api import Provider\nclass Acme(Provider): pass", "it lacks list_nodes"),
    "signature": (GOOD.replace("query, context", "qeury"), "does not fit: list_nodes(qeury)"),
    "settings": (GOOD + "    settings_type = int\n", "its settings_type is no Settings class"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_doctor_says_why_and_what_to_do(run: CommandLine, plugins: PluginMaker, name: str) -> None:
    code, reason = BROKEN[name]
    plugins(
        "acme-cloud",
        entry_points={"outrig.providers": {"acme": "acme:Acme"}},
        files={"acme.py": code},
    )
    done = run("plugin", "doctor")
    assert done.exit_code == 1
    at = next(n for n, line in enumerate(done.lines) if "provider acme" in line)
    assert done.lines[at].startswith("problem  provider acme (acme-cloud 1.0): ")
    assert reason in done.lines[at]
    assert done.lines[at + 1].startswith("         to do: ")
    assert "acme-cloud" in done.lines[at + 1]


def test_doctor_with_everything_broken_at_once(run: CommandLine, plugins: PluginMaker) -> None:
    plugins(
        "newer",
        entry_points={"outrig.providers": {"newer": "newer:X"}},
        files={"newer.py": ""},
        requires=("outrig>=99",),
    )
    plugins(
        "thief",
        entry_points={"outrig.providers": {"local": "thief:X"}},
        files={"thief.py": ""},
    )
    plugins(
        "odd",
        entry_points={"outrig.providers": {"odd": "no colon"}, "outrig.engines": {"x": "a:b"}},
        files={"odd.py": ""},
    )
    plugins(
        "policy",
        entry_points={"outrig.extensions": {"policy": "policy:P"}},
        files={
            "policy.py": "from outrig.api import hookimpl\nclass P:\n"
            "    @hookimpl\n    def provision(self): return ()\n"
        },
    )
    done = run("plugin", "doctor", "--output", "json")
    assert done.exit_code == 1
    found = {row["distribution"]: row for row in rows(done) if row["problem"]}
    assert "needs outrig >=99" in str(found["newer"]["problem"])
    assert "pip install -U outrig" in str(found["newer"]["remedy"])
    assert "has that name already" in str(found["thief"]["problem"])
    assert "pip uninstall thief" in str(found["thief"]["remedy"])
    assert found["odd"]["remedy"]
    assert "may only wrap" in str(found["policy"]["problem"])
    assert run("--help").exit_code == 0
    assert run("plugin", "list").exit_code == 0


def test_off_leaves_outrigs_own(run: CommandLine, plugins: PluginMaker) -> None:
    plugins(
        "acme-cloud",
        entry_points={"outrig.providers": {"acme": "acme:Acme"}},
        files={"acme.py": GOOD},
    )
    off = {"OUTRIG_PLUGINS": "off"}
    names = {row["name"] for row in rows(run("plugin", "list", "--output", "json", env=off))}
    assert "acme" not in names
    assert "local" in names
    done = run("config", "show", "providers.acme", env=off)
    assert done.exit_code == 8
    assert "OUTRIG_PLUGINS=off leaves only Outrig's own" in done.err
    done = run("config", "show", "providers.acme", "--without-plugin", "acme-cloud")
    assert done.exit_code == 8
    assert 'no provider named "acme" is installed (without acme-cloud)' in done.err


def test_nothing_is_wrong_with_outrigs_own(run: CommandLine) -> None:
    done = run("plugin", "doctor").checked()
    assert "problem" not in done.out
