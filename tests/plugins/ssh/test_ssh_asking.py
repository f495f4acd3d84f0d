"""What is asked on a terminal: the first time for a host key, and for a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.testing.machines import PASSWORD
from tests.plugins.ssh.typing_user import TypingUser

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from outrig.testing.machines import Machine
    from tests.plugins.ssh.conftest import Lab


@pytest.fixture
def place(
    lab: Lab, host: Machine, project: ProjectMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A project, and a configuration in which the host is a stranger that wants a password."""
    config = tmp_path / "stranger"
    config.write_text(
        f"Host stranger\n HostName 127.0.0.1\n Port {host.port}\n User {host.user}\n"
        f" UserKnownHostsFile {tmp_path / 'known'}\n GlobalKnownHostsFile none\n"
        " PubkeyAuthentication no\n"
    )
    monkeypatch.setenv("OUTRIG_SSH_CONFIG_FILE", str(config))
    return project({"outrig.yaml": {"name": "demo"}})


def test_a_new_host_and_its_password_are_asked_for_once(
    isolated: Lab, place: Path, run: CommandLine, tmp_path: Path
) -> None:
    user = TypingUser("session", "start", "--provider", "ssh", "--hosts", "stranger", cwd=place)
    user.read_until("(yes/no/[fingerprint])?")
    user.type("yes\n")
    user.read_until("password:")
    user.type(f"{PASSWORD}\n")
    assert user.wait() == 0, user.seen
    assert "stranger" not in (tmp_path / "known").read_text()
    again = run("session", "execute", "--shell", "echo let in")
    assert (again.exit_code, again.out) == (0, "let in\n")
    assert run("session", "stop").exit_code == 0


def test_who_says_no_to_a_host_key_is_not_let_in(lab: Lab, place: Path) -> None:
    user = TypingUser("session", "start", "--provider", "ssh", "--hosts", "stranger", cwd=place)
    user.read_until("(yes/no/[fingerprint])?")
    user.type("no\n")
    assert user.wait() == 125
    assert "its host key is not known" in user.seen


def test_without_a_terminal_nobody_is_asked(lab: Lab, place: Path, run: CommandLine) -> None:
    done = run("session", "start", "--provider", "ssh", "--hosts", "stranger")
    assert done.exit_code == 125
    assert done.err.count("its host key is not known") == 1
