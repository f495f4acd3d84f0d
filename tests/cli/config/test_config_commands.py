"""`outrig config`: show, get, set, unset, path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker

ACME = """
from dataclasses import dataclass
from outrig.api import Provider, Settings, setting

@dataclass(frozen=True, kw_only=True)
class AcmeSettings(Settings):
    region: str = setting("eu-1", help="where nodes are made")
    token: str | None = setting(None, help="access token", secret=True)
    slots: int = setting(1, help="how many")

class Acme(Provider):
    settings_type = AcmeSettings
    def provision(self, request, context): return ()
    def list_nodes(self, query, context): return None
    def release(self, targets, how, context): return None
"""


@pytest.fixture
def acme(plugins: PluginMaker) -> None:
    plugins(
        "acme-cloud",
        entry_points={"outrig.providers": {"acme": "acme:Acme"}},
        files={"acme.py": ACME},
    )


def test_set_get_show_unset(run: CommandLine, outrig_home: Path) -> None:
    file = run("config", "path").checked().out.strip()
    assert file == str(outrig_home / "outrig" / "config" / "config.yaml")
    done = run("config", "set", "output", "json").checked()
    assert (done.out, done.err) == ("", f"set output in {file}\n")
    assert run("config", "get", "output").checked().out == "json\n"
    rows = run("config", "show").checked().json()
    assert isinstance(rows, list)
    state = next(row for row in rows if row["key"] == "output")
    assert (state["value"], state["origin"]) == ("json", f"{file}:1:9")
    run("config", "unset", "output").checked()
    assert run("config", "get", "output").checked().out == "table\n"
    assert "is not in" in run("config", "unset", "output").checked().err


def test_a_variable_beats_the_file_and_says_so(run: CommandLine) -> None:
    run("config", "set", "store", "s3://a/b").checked()
    done = run("config", "show", "--output", "csv", env={"OUTRIG_STORE": "gs://c"}).checked()
    assert any(line.startswith("store,gs://c,OUTRIG_STORE,") for line in done.lines)


def test_another_file(run: CommandLine, tmp_path: Path) -> None:
    other = tmp_path / "mine.yaml"
    other.write_text("# mine\noutput: plain # yes\n")
    environment = {"OUTRIG_CONFIG": str(other)}
    assert run("config", "path", env=environment).checked().out == f"{other}\n"
    run("config", "set", "provider", "local", env=environment).checked()
    assert other.read_text() == "# mine\noutput: plain # yes\nprovider: local\n"


def test_a_provider_that_is_not_installed_is_refused(run: CommandLine) -> None:
    refused = run("config", "set", "provider", "locale")
    assert refused.exit_code == 2
    assert 'no provider named "locale" is installed' in refused.err
    assert "local" in refused.err.splitlines()[1]
    assert run("config", "get", "provider").out != "locale\n"


def test_settings_of_a_plugin(run: CommandLine, acme: None) -> None:
    run("config", "set", "providers.acme.slots", "3").checked()
    run("config", "set", "providers.acme.token", "hush-hush").checked()
    assert run("config", "get", "providers.acme.slots").checked().out == "3\n"
    assert run("config", "get", "providers.acme.region").checked().out == "eu-1\n"
    assert run("config", "get", "providers.acme.token").checked().out == "***\n"
    shown = run("config", "show").checked()
    assert "providers.acme.slots" in shown.out
    assert "providers.acme.region" not in shown.out
    assert "hush" not in shown.out + shown.err
    everything = run("config", "show", "providers.acme", "--output", "json").checked()
    assert isinstance(everything.json(), list)
    assert "where nodes are made" in everything.out


def test_settings_of_a_plugin_that_is_gone_are_hidden_and_can_be_removed(
    run: CommandLine, outrig_home: Path
) -> None:
    file = outrig_home / "outrig" / "config" / "config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("providers:\n  gone:\n    token: hush-hush\n")
    shown = run("config", "show").checked()
    assert "providers.gone.token" in shown.out
    assert "hush" not in shown.out
    run("config", "unset", "providers.gone.token").checked()
    assert file.read_text() == ""


@pytest.mark.parametrize(
    ("words", "code", "error", "hint"),
    [
        ("get outptu", 4, 'there is no configuration key "outptu"', 'did you mean "output"?'),
        ("set provider.acme.x 1", 4, 'there is no configuration key "provider.acme.x"', ""),
        (
            "set providers.acme.regoin x",
            4,
            'there is no configuration key "providers.acme.regoin"',
            'did you mean "providers.acme.region"?',
        ),
        ("set providers.acme.slots many", 2, "expected a whole number, not", ""),
        ("set output xml", 2, "output: expected one of table, json, csv, plain, not", ""),
        ("set providers.acm.slots 1", 8, 'no provider named "acm"', 'did you mean "acme"?'),
        ("get", 2, "", ""),
    ],
)
def test_mistakes_are_one_line(
    run: CommandLine, acme: None, words: str, code: int, error: str, hint: str
) -> None:
    done = run("config", *words.split())
    assert done.exit_code == code, str(done)
    lines = done.err.splitlines()
    assert error in lines[0]
    assert len(lines) <= 2
    assert hint in done.err
    assert done.out == ""


def test_a_file_that_is_wrong_is_one_line_and_left_alone(
    run: CommandLine, outrig_home: Path
) -> None:
    file = outrig_home / "outrig" / "config" / "config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("stor: x\n")
    done = run("config", "set", "output", "json")
    assert done.exit_code == 3
    message = f'outrig: error: {file}:1:1: unknown key "stor"; did you mean "store"?\n'
    assert done.err == message
    assert file.read_text() == "stor: x\n"
    assert run("config", "path").exit_code == 0
    found = run("doctor", "--output", "csv")
    assert found.exit_code == 1
    assert any(line.startswith("problem,configuration,") for line in found.lines)


def test_the_configured_directory_gets_the_launchers(run: CommandLine, tmp_path: Path) -> None:
    run("config", "set", "shim_dir", str(tmp_path / "shims")).checked()
    run("shim", "install", "any").checked()
    assert (tmp_path / "shims" / "any").exists()
