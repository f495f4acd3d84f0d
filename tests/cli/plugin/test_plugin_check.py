"""`outrig plugin check` and `plugin docs`, and what comes of settings that are declared once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker, ProjectMaker

EXPANDER = """
from outrig.api import Expander
from outrig.errors import UsageError
class Squares(Expander):
    def expand_params(self, expression, parameter, limit, context):
        try:
            return tuple(str(int(one) ** 2) for one in expression[:100].split(","))[:limit]
        except ValueError:
            raise UsageError("squares: expected whole numbers") from None
"""
PROVIDER = """
from dataclasses import dataclass
from typing import Literal
from outrig.api import Settings, setting
from outrig_local.provider import LocalProvider, LocalSettings

@dataclass(frozen=True, kw_only=True)
class AcmeSettings(LocalSettings):
    region: Literal["eu-1", "us-1"] = setting("eu-1", help="where nodes are made")
    zones: tuple[str, ...] = setting((), help="zones")
    wait_s: float | None = setting(None, help="how long to wait", unit="seconds")
    token: str | None = setting(None, help="access token", env="ACME_TOKEN", secret=True)

class Acme(LocalProvider):
    settings_type = AcmeSettings
"""


def checks(run: CommandLine, *words: str) -> tuple[int, dict[tuple[str, str], tuple[str, str]]]:
    """Return the exit code, and by plugin and what was looked at the status and what was found."""
    done = run("plugin", "check", *words, "--output", "json", timeout_s=110)
    rows = done.json()
    assert isinstance(rows, list), done
    found = {(row["plugin"], row["what"]): (row["status"], row["found"]) for row in rows}
    return done.exit_code, found


def add_squares(plugins: PluginMaker, code: str) -> None:
    plugins(
        "acme-squares",
        entry_points={"outrig.expanders": {"squares": "squares:Squares"}},
        files={"squares.py": code},
        requires=("outrig>=0.1",),
    )


def test_a_plugin_is_checked_by_its_contract(run: CommandLine, plugins: PluginMaker) -> None:
    add_squares(plugins, EXPANDER)
    _, found = checks(run, "squares")
    assert found["acme-squares", "entry points"][0] == "ok"
    assert found["acme-squares", "metadata"] == (
        "problem",
        "it has no description; it does not say which Python it needs (requires-python)",
    )
    assert found["expander squares", "hooks"] == ("ok", "it fits")
    assert found["expander squares", "settings"][0] == "ok"
    assert found["expander squares", "import time"][1].endswith("(of 50 ms)")
    assert found["expander squares", "contract"][0] == "ok"


def test_a_broken_contract_is_named(run: CommandLine, plugins: PluginMaker) -> None:
    add_squares(plugins, EXPANDER.replace("except ValueError", "except KeyError"))
    code, found = checks(run, "acme_squares")
    assert code == 1
    status, text = found["expander squares", "contract"]
    assert status == "problem"
    assert "test_anything_may_be_written" in text
    assert "ValueError" in text


COMMAND = """
from outrig.api import Command, option
class Deploy(Command):
    summary = "Put the project somewhere"
    details = "Says that it did."
    options = (option("name", None, "what to call it", value="NAME"),)
    def handle(self):
        return 0
"""


def test_a_command_set_is_checked_by_its_contract(run: CommandLine, plugins: PluginMaker) -> None:
    def found_of(code: str) -> tuple[str, str]:
        entry = {"outrig.commands": {"acme": "acme_pack:Deploy"}}
        plugins("acme-pack", entry_points=entry, files={"acme_pack.py": code})
        return checks(run, "acme-pack")[1]["command acme-pack", "contract"]

    status, text = found_of(COMMAND)
    assert (status, text.endswith(" passed")) == ("ok", True), text
    assert int(text.split()[0]) > 5, text
    status, text = found_of(COMMAND.replace("what to call it", ""))
    assert status == "problem"
    assert "test_arguments_and_options_are_explained" in text


def test_what_does_not_fit_gets_no_further(run: CommandLine, plugins: PluginMaker) -> None:
    add_squares(plugins, EXPANDER.replace("limit, context", "limits, context"))
    code, found = checks(run, "squares", "--no-contract")
    assert code == 1
    status, text = found["expander squares", "hooks"]
    assert (status, "does not fit" in text) == ("problem", True)
    assert ("expander squares", "import time") not in found


def test_the_time_of_an_import_is_without_its_sdk(run: CommandLine, plugins: PluginMaker) -> None:
    burn = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"
    plugins("big-sdk", entry_points={}, files={"big_sdk/__init__.py": burn})
    add_squares(plugins, "import big_sdk\n" + EXPANDER)
    assert checks(run, "squares", "--no-contract")[1]["expander squares", "import time"][0] == "ok"
    add_squares(plugins, burn + EXPANDER)
    status, text = checks(run, "squares", "--no-contract")[1]["expander squares", "import time"]
    assert status == "problem"
    assert float(text.split(" ")[0]) > 290


CLOUD = """
from outrig.api import Inventory, Provider, ReleaseReport
class Acme(Provider):
    def provision(self, request, context): return ()
    def list_nodes(self, query, context): return Inventory()
    def release(self, targets, how, context): return ReleaseReport(released=targets)
"""


def test_a_provider_that_may_cost_is_asked_about(run: CommandLine, plugins: PluginMaker) -> None:
    plugins(
        "acme-cloud",
        entry_points={"outrig.providers": {"acme": "acme:Acme"}},
        files={"acme.py": CLOUD},
    )
    _, found = checks(run, "acme")
    text = "not run: it makes nodes, say --yes"
    assert found["provider acme", "contract"] == ("not run", text)


def test_an_unknown_plugin_is_not_found(run: CommandLine) -> None:
    for command in ("check", "docs"):
        done = run("plugin", command, "nonsense")
        assert done.exit_code == 4
        assert done.err.splitlines()[0] == "outrig: error: there is no plugin 'nonsense'"


@pytest.fixture
def acme(plugins: PluginMaker) -> None:
    plugins(
        "acme-cloud",
        entry_points={"outrig.providers": {"acme": "acme:Acme"}},
        files={"acme.py": PROVIDER},
    )


def test_settings_become_documentation(acme: None, run: CommandLine) -> None:
    text = run("plugin", "docs", "acme-cloud").checked().out
    assert (
        "| `providers.acme.region` | `OUTRIG_ACME_REGION` | `eu-1` | where nodes are made |" in text
    )
    assert "| `OUTRIG_ACME_TOKEN`, `ACME_TOKEN` |  | access token |" in text
    assert "how long to wait (seconds)" in text
    commands = run("plugin", "docs", "completion").checked().out
    assert "| `outrig completion` | " in commands


def test_settings_become_a_schema(acme: None, run: CommandLine) -> None:
    schema = json.loads(run("project", "schema").checked().out)
    compute = next(one for one in schema["$defs"].values() if "allOf" in one)
    assert "acme" in compute["properties"]["provider"]["examples"]
    (told,) = [
        one["then"]["properties"]
        for one in compute["allOf"]
        if one["if"]["properties"]["provider"]["const"] == "acme"
    ]
    assert told["region"] == {
        "description": "where nodes are made",
        "enum": ["eu-1", "us-1"],
        "default": "eu-1",
    }
    assert told["wait_s"]["anyOf"] == [{"type": "number"}, {"type": "null"}]
    assert told["zones"]["anyOf"][0] == {"type": "array", "items": {"type": "string"}}
    assert "token" not in told, "secrets do not belong into project files"


def test_a_broken_provider_does_not_keep_the_schema_away(
    run: CommandLine, plugins: PluginMaker
) -> None:
    plugins(
        "acme-cloud",
        entry_points={"outrig.providers": {"acme": "acme:Acme"}},
        files={"acme.py": "raise RuntimeError('no')"},
    )
    done = run("project", "schema").checked()
    assert "allOf" in done.out
    assert 'skipped: provider "acme" (acme-cloud 1.0) does not load' in done.err


def test_settings_are_key_variable_flag_checked_and_hidden(
    acme: None, run: CommandLine, project: ProjectMaker
) -> None:
    project({"outrig.yaml": {"name": "demo", "compute": {"provider": "acme", "region": "us-1"}}})
    words = ("session", "start", "--dry-run")
    assert run(*words).checked()
    bad = run(*words, env={"OUTRIG_ACME_REGION": "mars"})
    assert bad.exit_code == 125
    assert "OUTRIG_ACME_REGION: expected one of eu-1, us-1" in bad.err
    assert run(*words, "--acme-region", "eu-1").checked()
    run("config", "set", "providers.acme.token", "hush-hush").checked()
    shown = run("config", "show", "providers.acme").checked()
    assert "hush-hush" not in shown.out
    assert "***" in shown.out
