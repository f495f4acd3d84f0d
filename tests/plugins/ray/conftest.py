"""Machines that reach each other, and a Ray cluster that tests share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.testing.command_line import CommandLine
from outrig.testing.machines import Keys, Machine, can_isolate, find_sshd

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrig.testing.result import Result

SHM = "--object-store-memory=100000000"
UP_S = 240


class Network:
    """Machines of one network, 10.77.0.0/24: the first is the switch for the others."""

    def __init__(self, directory: Path, names: tuple[str, ...], *, home_size: str) -> None:
        self.directory = directory
        self.keys = Keys.made(directory)
        self.config = directory / "ssh_config"
        shared = [Path(one) for one in dict.fromkeys((sys.base_prefix, sys.prefix))]
        self.machines = tuple(
            Machine(directory / name, self.keys, home_size=home_size, shared=shared)
            for name in names
        )
        self.connect()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses by which machines know each other, and by which ssh finds them."""
        return tuple(f"10.77.0.{number}" for number, _ in enumerate(self.machines, 1))

    def connect(self) -> None:
        """Lay the cables, and tell ssh who is where."""
        switch, *others = self.machines
        _ip(switch, "link", "add", "br0", "type", "bridge")
        _ip(switch, "addr", "add", f"{self.addresses[0]}/24", "dev", "br0")
        _ip(switch, "link", "set", "br0", "up")
        for number, other in enumerate(others):
            self.plug_in(number + 1, other)
        self.write()

    def plug_in(self, number: int, machine: Machine) -> None:
        """Connect a machine that has just booted."""
        switch, peer = self.machines[0], str(machine.first_pid)
        words = ["type", "veth", "peer", "name", "eth0", "netns", peer]
        _ip(switch, "link", "add", f"v{number}", *words)
        _ip(switch, "link", "set", f"v{number}", "master", "br0", "up")
        _ip(machine, "addr", "add", f"{self.addresses[number]}/24", "dev", "eth0")
        _ip(machine, "link", "set", "eth0", "up")

    def write(self) -> None:
        """Write the SSH configuration."""
        known = self.directory / "known_hosts"
        known.write_text(
            "".join(f"[127.0.0.1]:{one.port} {one.host_key}\n" for one in self.machines)
        )
        self.config.write_text(
            "".join(
                f"Host {address}\n HostName 127.0.0.1\n Port {one.port}\n User {one.user}\n"
                f" IdentityFile {self.keys.user}\n IdentitiesOnly yes\n"
                f" UserKnownHostsFile {known}\n GlobalKnownHostsFile none\n"
                for address, one in zip(self.addresses, self.machines, strict=True)
            )
        )

    def close(self) -> None:
        """Switch everything off."""
        for one in self.machines:
            one.stop()

    def clear(self) -> None:
        """Remove what a test has left in homes."""
        for one in self.machines:
            one.run("rm -rf ~/* ~/.bashrc ~/.bash_profile", as_user=True)


def _ip(machine: Machine, *words: str) -> None:
    argv = ["nsenter", "-t", str(machine.first_pid), "-n", "ip", *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr}"


def require_network() -> None:
    """Skip where machines cannot have a network of their own."""
    if find_sshd() is None or shutil.which("ssh") is None:
        pytest.skip("there is no sshd here (package openssh-server)")
    if not can_isolate() or shutil.which("ip") is None:
        pytest.skip("namespaces are not allowed here, or there is no ip (package iproute2)")


@contextmanager
def connections(directory: Path) -> Iterator[str]:
    """Give a directory for the sockets of kept connections, which end with it."""
    with tempfile.TemporaryDirectory(prefix="ray-") as short:  # as sockets' paths must be
        yield short
        for path in Path(short).rglob("*"):
            if path.is_socket():
                words = ["ssh", "-O", "exit", "-o", f"ControlPath={path}", "any"]
                subprocess.run(words, capture_output=True, check=False, cwd=directory)


class Clusters:
    """Runs `outrig ray …` from a directory with cluster files, on machines of a network."""

    def __init__(self, directory: Path, network: Network, variables: Mapping[str, str]) -> None:
        self.directory = directory
        self.network = network
        self.variables = dict(variables)
        self.command_line = CommandLine(directory)

    def __call__(self, *words: str, timeout_s: float = UP_S, cwd: Path | None = None) -> Result:
        """Run `outrig ray WORDS…` to its end."""
        return self.command_line("ray", *words, env=self.variables, timeout_s=timeout_s, cwd=cwd)

    def write(self, name: str, text: str, *, hosts: int | None = None) -> Path:
        """Write a cluster file whose nodes are the machines; returns its path."""
        head, *workers = self.network.addresses[:hosts]
        where = f"{{type: local, head_ip: {head}, worker_ips: [{', '.join(workers)}]}}"
        path = self.directory / f"{name}.yaml"
        path.write_text(f"cluster_name: {name}\nprovider: {where}\n{text}")
        return path


def variables_of(network: Network, home: Path, sockets: str) -> dict[str, str]:
    """Return what leads a command line to the machines, with records in `home`."""
    kept = {"OUTRIG_SSH_CONFIG_FILE": str(network.config), "XDG_RUNTIME_DIR": sockets}
    return {**kept, "OUTRIG_HOME": str(home), "SSH_AUTH_SOCK": ""}


@pytest.fixture(scope="session")
def pair_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Two machines without Ray, which tests share."""
    require_network()
    network = Network(tmp_path_factory.mktemp("pair"), ("first", "second"), home_size="64m")
    yield network
    network.close()


@contextmanager
def clusters_on(network: Network, directory: Path) -> Iterator[Clusters]:
    """Give what runs `outrig ray …` on machines; what is up is taken down at the end."""
    with connections(directory) as sockets:
        variables = variables_of(network, Path(os.environ["OUTRIG_HOME"]), sockets)
        clusters = Clusters(directory, network, variables)
        yield clusters
        for one in clusters("list", "--output", "json").records():
            clusters("down", str(one["name"])).checked()


@pytest.fixture
def pair(pair_of_all: Network, tmp_path: Path, away_from_home: Path) -> Iterator[Clusters]:
    """Cluster files on two machines where nothing is left of earlier tests."""
    with clusters_on(pair_of_all, tmp_path) as clusters:
        yield clusters
    pair_of_all.clear()


@pytest.fixture
def own_pair(tmp_path: Path, away_from_home: Path) -> Iterator[Clusters]:
    """Cluster files on two machines of the test's own, which may lose power."""
    require_network()
    (tmp_path / "machines").mkdir()
    network = Network(tmp_path / "machines", ("first", "second"), home_size="64m")
    try:
        with connections(tmp_path) as sockets:
            variables = variables_of(network, Path(os.environ["OUTRIG_HOME"]), sockets)
            yield Clusters(tmp_path, network, variables)
    finally:
        network.close()
