"""Several providers: where one has no capacity the next is tried, and every other failure stops."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker, ProjectMaker

CLOUDS = """
from dataclasses import dataclass, replace
from pathlib import Path
from outrig.api import Candidate, Price, WithPrices, setting
from outrig.errors import AuthError, CapacityError, ConfigError
from outrig_local.provider import LocalProvider, LocalSettings

KINDS = {"capacity": CapacityError, "auth": AuthError, "config": ConfigError}

@dataclass(frozen=True, kw_only=True)
class CloudSettings(LocalSettings):
    short_flags = ("refuses", "zone", "spot")
    refuses: str = setting("", help="what goes wrong")
    zone: str = setting("a", help="where nodes are made")
    spot: bool = setting(False, help="spot or not")

class Cloud(LocalProvider, WithPrices):
    settings_type = CloudSettings
    name = ""
    def candidates(self, resources):
        if self.settings.refuses == "types":
            raise CapacityError(f"{self.name}: no type has that")
        return (Candidate(provider=self.name, zone=self.settings.zone, instance_type="big"),)
    def prices(self, candidates):
        return [Price(candidate=one, usd_per_hour=0.5) for one in candidates]
    def provision(self, request, context):
        kind = KINDS.get(self.settings.refuses)
        if kind is not None:
            raise kind(f"{self.name} {self.settings.zone}: refused", hint="ask for quota")
        Path("provided").write_text(f"{self.name} {self.settings.zone} {self.settings.spot}")
        nodes = super().provision(request, context)
        return tuple(replace(one, provider=self.name) for one in nodes)

@dataclass(frozen=True, kw_only=True)
class FirstSettings(CloudSettings):
    refuses: str = setting("capacity", help="what goes wrong")
    first_only: str = setting("", help="a setting of its own")

class First(Cloud):
    settings_type = FirstSettings
    name = "first"

class Second(Cloud):
    name = "second"
"""
HELLO = [{"name": "hello", "command": "echo hello $OUTRIG_CASE"}]
START = ("session", "start", "hello", "--provider", "first,second")


@pytest.fixture
def clouds(plugins: PluginMaker, project: ProjectMaker) -> Path:
    """A project, and two providers of which the first has no capacity."""
    points = {"first": "clouds:First", "second": "clouds:Second"}
    plugins("clouds", entry_points={"outrig.providers": points}, files={"clouds.py": CLOUDS})
    return project({"outrig.yaml": {"name": "demo", "commands": HELLO}})


def _sessions(run: CommandLine) -> list[tuple[str, str, str]]:
    words = ("session", "list", "--all", "--output", "json")
    found = json.loads(run(*words).checked().out)
    return [(one["name"], one["state"], one["provider"]) for one in found]


def test_the_next_provider_is_tried_and_the_reason_is_said(run: CommandLine, clouds: Path) -> None:
    done = run(*START).checked()
    assert done.out == "hello\n"
    assert "first: first a: refused; going on to second" in done.err
    assert _sessions(run) == [("demo", "RUNNING", "second"), ("demo", "TERMINATED", "first")]
    again = run(*START, "--name", "demo").checked()  # it stays where it is
    assert "refused" not in again.err
    assert "the session is running" in again.err
    run("session", "stop").checked()


@pytest.mark.parametrize("kind", ["auth", "config"])
def test_what_another_provider_would_not_mend_stops(
    kind: str, run: CommandLine, clouds: Path
) -> None:
    done = run(*START, "--first-refuses", kind)
    assert done.exit_code == 125
    assert "error: first a: refused" in done.err
    assert "going on" not in done.err
    assert not (clouds / "provided").exists()


def test_where_none_has_capacity_every_reason_is_said(run: CommandLine, clouds: Path) -> None:
    done = run(*START, "--second-refuses", "capacity")
    assert done.exit_code == 125
    said = "none of first, second has capacity: first a: refused; second a: refused"
    assert f"outrig: error: {said}" in done.err
    assert "hint: ask for quota" in done.err
    assert {state for _, state, _ in _sessions(run)} == {"TERMINATED"}


def test_a_dry_run_shows_all_and_leaves_out_what_cannot_serve(
    run: CommandLine, clouds: Path
) -> None:
    shown = run(*START, "--dry-run", "--zone", "b").checked().out.splitlines()
    assert shown[:2] == [
        "session demo on provider first",
        "candidate 1: big in b: 0.5000 USD per hour",
    ]
    assert shown[-2:] == [
        "without capacity there: on provider second",
        "candidate 1: big in b: 0.5000 USD per hour",
    ]
    left = run(*START, "--dry-run", "--first-refuses", "types").checked()
    assert left.out.splitlines()[0] == "session demo on provider second"
    assert "not on first: first: no type has that" in left.err
    none = run(*START, "--dry-run", "--refuses", "types")
    assert (none.exit_code, "no type has that" in none.err) == (125, True)
    assert _sessions(run) == []


def test_a_project_names_providers_with_what_they_share_and_what_not(
    run: CommandLine, clouds: Path, project: ProjectMaker
) -> None:
    compute: dict[str, object] = {
        "provider": ["first", "second"],
        "spot": True,
        "first_only": "x",
        "second": {"zone": "c"},
    }
    project({"outrig.yaml": {"name": "demo", "commands": HELLO, "compute": compute}})
    run("project", "validate").checked()
    run("session", "start", "hello").checked()
    assert (clouds / "provided").read_text() == "second c True"
    assert run("project", "show", "--output", "json").checked().out.count('"first,second"') == 1
    run("session", "stop").checked()
    run("session", "start", "hello", "--provider", "second", "--zone", "d").checked()
    assert (clouds / "provided").read_text() == "second d True"
    compute["zoen"] = "x"
    project({"outrig.yaml": {"name": "demo", "commands": HELLO, "compute": compute}})
    wrong = run("session", "start", "hello", "--name", "other")
    assert 'none of first, second has a setting "zoen"' in wrong.err


def test_options_of_the_provider_count_before_shell_and_are_the_programs_after_it(
    run: CommandLine, clouds: Path
) -> None:
    words = ("session", "start", "--provider", "second", "--zone", "d", "--spot")
    assert run(*words, "--shell", "echo", "--refuses", "x").checked().out == "--refuses x\n"
    assert (clouds / "provided").read_text() == "second d True"


def test_a_sweep_goes_on_to_the_next_provider(
    run: CommandLine, clouds: Path, project: ProjectMaker
) -> None:
    params = [{"name": "x", "default": "1"}]
    commands = [{"name": "hello", "command": "echo {{x}}", "params": params}]
    project({"outrig.yaml": {"name": "demo", "commands": commands}})
    done = run(*START, "--x", "case:1,2", timeout_s=120)
    assert done.exit_code == 0, done.err
    assert _sessions(run)[0][1:] == ("RUNNING", "second")


@pytest.mark.parametrize(
    ("names", "said"),
    [(",", "--provider names no provider"), ("first,thrid", 'no provider named "thrid"')],
)
def test_what_is_no_provider_is_said_at_once(
    names: str, said: str, run: CommandLine, clouds: Path
) -> None:
    done = run("session", "start", "hello", "--provider", names)
    assert (done.exit_code, said in done.err) == (125, True), done.err
    assert _sessions(run) == []
