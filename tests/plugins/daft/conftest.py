"""Machines of a network, for clusters of Daft files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.testing.command_line import CommandLine
from tests.plugins.aws.conftest import ec2, machines_of_all  # noqa: F401 - fixtures
from tests.plugins.ray.conftest import Network, connections, require_network, variables_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrig.testing.machines import Machine
    from outrig.testing.result import Result

UP_S = 300
_STAND_IN = """\
mkdir -p ~/.venv/bin
ln -sf "$1" ~/.venv/bin/python
echo 'PATH=~/.venv/bin:$PATH' > ~/.venv/bin/activate
cat > ~/.venv/bin/ray <<'END'
#!/bin/sh
[ "$1" = start ] || exit 0
echo "$@" >> ~/starts
cp /bin/sleep ~/raylet
~/raylet 3600 >/dev/null 2>&1 &
END
chmod 755 ~/.venv/bin/ray
"""
_NOTE = """\
mkdir -p ~/.local/bin
cat > ~/.local/bin/uv <<'END'
#!/bin/sh
while [ -e ~/gate ]; do sleep 0.1; done
echo "$@" >> ~/uv.log
[ ! -e ~/broken ] || { echo no such package; exit 9; }
END
chmod 755 ~/.local/bin/uv
"""
_REAL = """\
ln -sfn "$1" ~/.venv
cat > ~/.bashrc <<'END'
export RAY_DEFAULT_OBJECT_STORE_MAX_MEMORY_BYTES=100000000
END
"""


class Daft:
    """Runs `daft …` through an installed launcher, from a directory with Daft files."""

    def __init__(self, directory: Path, network: Network, variables: Mapping[str, str]) -> None:
        self.directory = directory
        self.network = network
        self.command_line = CommandLine(directory)
        self.variables = dict(variables)
        shims = directory / "shims"
        self.command_line("shim", "install", "daft", "--dir", str(shims)).checked()
        self.variables["PATH"] = f"{shims}{os.pathsep}{os.environ['PATH']}"

    def __call__(self, line: str, *, timeout_s: float = UP_S) -> Result:
        """Type a line into a shell, and return its end."""
        return self.command_line.program("sh", "-c", line, env=self.variables, timeout_s=timeout_s)

    def write(self, name: str, text: str = "", *, file: str = ".daft.toml", hosts: int = 2) -> Path:
        """Write a Daft file whose nodes are the machines; `text` goes on in `[setup]`."""
        addresses = ", ".join(f'"{one}"' for one in self.network.addresses[:hosts])
        path = self.directory / file
        path.write_text(f'[setup]\nname = "{name}"\nhosts = [{addresses}]\n{text}')
        return path


def prepare(machine: Machine) -> None:
    """Give a machine the Python of these tests as its `~/.venv`, and a uv that only takes notes."""
    machine.run(_NOTE + _REAL, sys.prefix, as_user=True)


def route(machine: Machine, device: str) -> None:
    """Let a machine know by which address it would reach others, as all but the tests' do."""
    words = ["nsenter", "-t", str(machine.first_pid), "-n", "ip", "route", "add", "default"]
    subprocess.run([*words, "dev", device], check=True, capture_output=True)


@pytest.fixture(scope="module")
def pair_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Two machines without Ray, which tests share."""
    require_network()
    made = Network(tmp_path_factory.mktemp("pair"), ("first", "second"), home_size="64m")
    yield made
    made.close()


@pytest.fixture
def pair(pair_of_all: Network, tmp_path: Path, away_from_home: Path) -> Iterator[Daft]:
    """Daft files on two machines where a program called `raylet` stands for Ray."""
    for machine in pair_of_all.machines:
        machine.run("rm -rf ~/* ~/.venv ~/.local/bin ~/.bashrc", as_user=True)
        machine.run(_NOTE + _STAND_IN, sys.executable, as_user=True)
    yield from _given(pair_of_all, tmp_path)


def _given(network: Network, directory: Path) -> Iterator[Daft]:
    with connections(directory) as sockets:
        variables = variables_of(network, Path(os.environ["OUTRIG_HOME"]), sockets)
        one = Daft(directory, network, variables)
        yield one
        listed = one("daft list --head --output json").records()
        for row in listed:
            if row["state"] != "terminated":
                one(f"daft kill {row['cluster']}").checked()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Two machines with room for Ray's logs."""
    require_network()
    made = Network(tmp_path_factory.mktemp("daft"), ("first", "second"), home_size="256m")
    for machine, device in zip(made.machines, ("br0", "eth0"), strict=True):
        route(machine, device)
        prepare(machine)
    yield made
    made.close()


@pytest.fixture
def daft(network: Network, tmp_path: Path, away_from_home: Path) -> Iterator[Daft]:
    """Daft files on the machines; what is up is taken down at the end."""
    yield from _given(network, tmp_path)
