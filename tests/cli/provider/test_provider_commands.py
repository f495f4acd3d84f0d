"""Setting up providers from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine


def test_a_provider_is_set_up_shown_and_forgotten(run: CommandLine, outrig_home: Path) -> None:
    done = run("provider", "add", "ssh", "gpu1", "ann@gpu2:2222", "--ssh-user", "bob", "--default")
    assert done.exit_code == 0, done.err
    written = (outrig_home / "outrig/config/config.yaml").read_text()
    assert "hosts:" in written
    assert "ann@gpu2:2222" in written
    shown = run("provider", "show", "ssh", "--output", "csv").out
    assert 'hosts,"gpu1,ann@gpu2:2222",' in shown
    assert "user,bob," in shown
    listed = run("provider", "list", "--output", "csv", "--format", "name,used,settings").out
    assert "ssh,true,2" in listed
    assert run("provider", "remove", "ssh").exit_code == 2
    assert run("provider", "remove", "ssh", "--yes").exit_code == 0
    assert (
        "local,true,0"
        in run("provider", "list", "--output", "csv", "--format", "name,used,settings").out
    )
    assert run("provider", "remove", "ssh", "--yes").exit_code == 4


def test_what_a_provider_has_not_is_said(run: CommandLine) -> None:
    done = run("provider", "add", "local", "somewhere")
    assert (done.exit_code, done.err) == (2, "outrig: error: provider local has no hosts\n")
    assert run("provider", "add", "nowhere").exit_code == 8
    assert run("provider", "add", "ssh", "--ssh-port", "x").exit_code == 2
