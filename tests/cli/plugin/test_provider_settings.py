"""Settings of a provider on the command line of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker, ProjectMaker

ACME = """
from dataclasses import dataclass
from outrig.api import setting
from outrig.errors import AuthError
from outrig_local.provider import LocalProvider, LocalSettings

@dataclass(frozen=True, kw_only=True)
class AcmeSettings(LocalSettings):
    region: str = setting("eu-1", help="where nodes are made")
    spot: bool = setting(False, help="spot or not")
    token: str | None = setting(None, help="access token", secret=True)

class Acme(LocalProvider):
    settings_type = AcmeSettings
    def provision(self, request, context):
        context.progress(1, 1, self.settings.region)
        if self.settings.token != "hush-hush":
            raise AuthError(f"token {self.settings.token} is refused")
        return super().provision(request, context)
    def release(self, targets, how, context):
        with open("released", "w") as file:
            file.write(f"{self.settings.region} {self.settings.spot}")
        return super().release(targets, how, context)
"""
PROJECT = "name: demo\ncommands:\n  - {name: hello, command: echo hello}\n"


@pytest.fixture
def acme(plugins: PluginMaker, project: ProjectMaker) -> Path:
    plugins(
        "acme-cloud",
        entry_points={"outrig.providers": {"acme": "acme:Acme"}},
        files={"acme.py": ACME},
    )
    return project({"outrig.yaml": PROJECT})


START = ("session", "start", "hello", "--provider", "acme")


def test_flags_count_for_the_whole_session_and_secrets_are_recorded_nowhere(
    run: CommandLine, acme: Path, outrig_home: Path
) -> None:
    flags = ("--acme-region", "us-2", "--acme-spot", "--acme-token", "hush-hush")
    started = run(*START, *flags, env={"OUTRIG_ACME_REGION": "variable"}).checked()
    assert started.out == "hello\n"
    run("session", "stop").checked()
    assert (acme / "released").read_text() == "us-2 True"
    for file in outrig_home.rglob("*"):
        assert not file.is_file() or b"hush-hush" not in file.read_bytes(), file


def test_a_refused_secret_is_not_shown(run: CommandLine, acme: Path) -> None:
    done = run(*START, "--acme-token", "let-me-in", "-vv")
    assert done.exit_code == 125
    assert "outrig: error: token *** is refused" in done.err
    assert "let-me-in" not in done.out + done.err
    events = run("session", "list", "--all", "--output", "json").checked()
    assert "let-me-in" not in events.out


def test_help_shows_the_chosen_providers_settings(run: CommandLine, acme: Path) -> None:
    text = " ".join(run(*START, "--help").checked().out.split())
    assert "--acme-region VALUE acme: where nodes are made" in text


def test_a_wrong_flag_is_one_line(run: CommandLine, acme: Path) -> None:
    done = run(*START, "--acme-spot=perhaps")
    assert done.exit_code == 125
    assert done.err.splitlines()[-1] == (
        'outrig: error: --acme-spot: expected true or false, not "perhaps"'
    )


def test_a_secret_in_a_project_file_is_refused(
    run: CommandLine, acme: Path, project: ProjectMaker
) -> None:
    compute = "compute:\n  provider: acme\n  token: hush-hush\n"
    (acme / "outrig.yaml").write_text(PROJECT + compute)
    done = run("session", "start", "hello")
    assert done.exit_code == 125
    assert "providers.acme.token is a secret, and snapshots hold the project file" in done.err
    assert "OUTRIG_ACME_TOKEN" in done.err
    assert "hush" not in done.err
