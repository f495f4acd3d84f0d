"""Machines to log in to, booted by the tests that need them and switched off at the end."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING

import pytest

from outrig.testing.machines import Keys, Machine, can_isolate, find_sshd
from outrig.transport.control import control_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class Lab:
    """Boots machines, and writes the SSH configuration by which they are found by name."""

    def __init__(self, directory: Path, *, isolated: bool) -> None:
        self.directory = directory
        self.isolated = isolated
        self.keys = Keys.made(directory)
        self.config = directory / "ssh_config"
        self.known_hosts = directory / "known_hosts"
        self.machines: dict[str, Machine] = {}
        self._shared = frozenset[str]()

    def boot(
        self,
        name: str,
        *,
        options: Sequence[str] = (),
        home_size: str = "64m",
        isolated: bool = True,
    ) -> Machine:
        """Return the machine of that name, booted if need be; it goes with the test."""
        if name not in self.machines:
            machine = Machine(
                self.directory / name,
                self.keys,
                options=options,
                home_size=home_size,
                isolated=self.isolated and isolated,
            )
            self.machines[name] = machine
            self.write()
        return self.machines[name]

    def write(self) -> None:
        """Write down where the machines are, and their keys."""
        self.config.write_text("".join(self._entry(one) for one in self.machines.values()))
        self.known_hosts.write_text(
            "".join(f"[127.0.0.1]:{one.port} {one.host_key}\n" for one in self.machines.values())
        )

    def _entry(self, machine: Machine) -> str:
        return (
            f"Host {machine.name}\n HostName 127.0.0.1\n Port {machine.port}\n"
            f" User {machine.user}\n IdentityFile {self.keys.user}\n IdentitiesOnly yes\n"
            f" UserKnownHostsFile {self.known_hosts}\n GlobalKnownHostsFile none\n"
        )

    def share(self, *names: str) -> None:
        """Boot machines that stay for all tests."""
        for name in names:
            self.boot(name)
        self._shared = frozenset(names)

    def close(self, *, shared: bool) -> None:
        """Switch machines off: those of a test, or all of them."""
        for name in [*self.machines]:
            if shared or name not in self._shared:
                self.machines.pop(name).stop()
                shutil.rmtree(self.directory / name)
        self.write()


@pytest.fixture(scope="session")
def lab_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The machines that tests share."""
    if find_sshd() is None or shutil.which("ssh") is None:
        pytest.skip("there is no sshd here (package openssh-server)")
    lab = Lab(tmp_path_factory.mktemp("lab"), isolated=can_isolate())
    lab.share("alpha", "beta")
    yield lab
    lab.close(shared=True)


@pytest.fixture
def lab(lab_of_all: Lab, away_from_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """The machines, as `ssh` finds them in this test; connections that are kept end with it."""
    monkeypatch.setenv("OUTRIG_SSH_CONFIG_FILE", str(lab_of_all.config))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with tempfile.TemporaryDirectory(prefix="lab-") as short:  # as sockets' paths must be
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        yield lab_of_all
        for path in control_directory().iterdir():
            if path.is_socket():
                words = ["ssh", "-O", "exit", "-o", f"ControlPath={path}", "any"]
                subprocess.run(words, capture_output=True, check=False)
    lab_of_all.close(shared=False)


@pytest.fixture
def isolated(lab: Lab) -> Lab:
    """The machines, where each has a world of its own."""
    if not lab.isolated:
        pytest.skip("namespaces are not allowed here")
    return lab


@pytest.fixture
def host(lab: Lab) -> Machine:
    """A machine that nothing is wrong with."""
    return lab.boot("alpha")
