"""`outrig doctor`: what is found on this computer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker

ACME = """
from outrig.api import Provider, WithCheck
class Acme(Provider, WithCheck):
    def provision(self, request, context): return ()
    def list_nodes(self, query, context): return None
    def release(self, targets, how, context): return None
    def check(self):
        yield "account", True, "someone"
        yield "region", False, "set OUTRIG_ACME_REGION"
        raise OSError("line is dead")
"""


def statuses(run: CommandLine, **env: str | None) -> dict[str, tuple[str, str]]:
    found = run("doctor", "--output", "json", env=env).json()
    assert isinstance(found, list)
    return {row["check"]: (row["status"], row["found"]) for row in found}


def test_a_computer_that_is_well(run: CommandLine, outrig_home: Path) -> None:
    found = statuses(run)
    for kind in ("config", "data", "state", "cache"):
        assert found[f"{kind} directory"] == ("ok", str(outrig_home / "outrig" / kind))
    assert found["outrig"][0] == "ok"
    assert found["configuration"][0] == "ok"
    status, where = found["provider local: node program"]
    assert (status, where.endswith(" (0 sessions)")) == ("ok", True)
    assert where.startswith(str(outrig_home / "outrig" / "data"))
    assert found["provider local: limits"][0] == "ok"


def test_programs_that_are_missing_are_notes(run: CommandLine, tmp_path: Path) -> None:
    found = statuses(run, PATH=str(tmp_path))
    for name in ("git", "uv", "tmux", "container engine"):
        assert found[name][0] == "note"


def test_a_directory_that_cannot_be_made_is_a_problem(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    done = run("doctor", env={"OUTRIG_HOME": str(tmp_path / "taken")})
    assert done.exit_code == 1
    assert "problem  state directory" in done.out


def test_a_provider_tells_how_it_stands(run: CommandLine, plugins: PluginMaker) -> None:
    plugins(
        "acme-cloud",
        entry_points={"outrig.providers": {"acme": "acme:Acme"}},
        files={"acme.py": ACME},
    )
    found = statuses(run, OUTRIG_PROVIDER="acme")
    assert found["provider acme: account"] == ("ok", "someone")
    assert found["provider acme: region"] == ("problem", "set OUTRIG_ACME_REGION")
    assert found["provider acme"] == ("problem", "its check failed: OSError: line is dead")


def test_a_broken_plugin_is_named(run: CommandLine, plugins: PluginMaker) -> None:
    plugins(
        "acme-cloud",
        entry_points={"outrig.commands": {"acme.deploy": "acme:Deploy"}},
        files={"acme.py": "raise RuntimeError('no')"},
    )
    found = statuses(run)
    assert found["plugin acme-cloud"][0] == "problem"
    assert "RuntimeError: no" in found["plugin acme-cloud"][1]


def test_damaged_records_are_a_problem(run: CommandLine, outrig_home: Path) -> None:
    run("session", "list")
    assert statuses(run)["records"][0] == "ok"
    records = outrig_home / "outrig" / "state" / "outrig.db"
    records.write_bytes(b"no database at all" * 100)
    status, found = statuses(run)["records"]
    assert status == "problem"
    assert "file is not a database" in found
    assert run("doctor").exit_code == 1
