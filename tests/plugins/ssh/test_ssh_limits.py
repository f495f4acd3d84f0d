"""Hosts that let few in, that are reached by IPv6, and sessions that end there by themselves."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from outrig.model.node import NodeQuery
from outrig.testing.memory import MemoryContext
from outrig_ssh.provider import SshProvider
from outrig_ssh.settings import SshSettings

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from outrig.testing.machines import Machine
    from tests.plugins.ssh.conftest import Lab


def test_a_server_that_takes_few_logins_at_once_is_no_hindrance(lab: Lab) -> None:
    lab.boot("gamma", options=["MaxStartups 1:100:1"])
    made = [
        SshProvider(SshSettings(hosts=("gamma",), config_file=str(lab.config))) for _ in range(4)
    ]
    try:
        for provider in made:
            (node,) = provider.list_nodes(NodeQuery(), MemoryContext()).nodes
            assert provider.client(node).hello.python.startswith("3.")
    finally:
        for provider in made:
            provider.close()


@pytest.mark.parametrize("transport", ["openssh", "paramiko"])
def test_an_address_of_ipv6_will_do(
    lab: Lab, run: CommandLine, project: ProjectMaker, transport: str
) -> None:
    host = lab.boot("gamma")
    port = host.cable.also_at("::1")
    project({"outrig.yaml": {"name": "demo"}, "a.txt": "six"})
    place = f"{host.user}@[::1]:{port}"
    key = ("--host-key", host.fingerprint, "--ssh-key-file", str(lab.keys.user))
    words = ("--provider", "ssh", "--hosts", place, "--transport", transport, *key)
    started = run("session", "start", *words)
    assert started.exit_code == 0, started.err
    assert run("session", "execute", "--shell", "cat a.txt").out == "six"
    assert run("session", "stop").exit_code == 0


@pytest.mark.parametrize(("limit", "why"), [("--idle", "idle"), ("--max-age", "age")])
def test_a_session_ends_on_its_host_without_us(
    host: Machine, run: CommandLine, project: ProjectMaker, limit: str, why: str
) -> None:
    project({"outrig.yaml": {"name": "demo"}})
    started = run("session", "start", "--provider", "ssh", "--hosts", host.name, limit, "1s")
    assert started.exit_code == 0, started.err
    state = "RUNNING"
    while state == "RUNNING":
        listed = run("session", "list", "--refresh", "--output", "json")
        (session,) = json.loads(listed.out)
        state = session["state"]
    assert state == "SUSPENDED"
    assert why in run("session", "events").out
    assert run("session", "stop").exit_code == 0


def test_a_machine_without_namespaces_will_do(
    lab: Lab, run: CommandLine, project: ProjectMaker
) -> None:
    host = lab.boot("delta", isolated=False)
    directory = project({"outrig.yaml": {"name": "demo", "output_files": ["out"]}})
    assert run("session", "start", "--provider", "ssh", "--hosts", "delta").exit_code == 0
    done = run("session", "execute", "--shell", "echo $HOME | tee out")
    assert (done.exit_code, done.out) == (0, f"{host.home}\n"), done.err
    assert run("session", "pull").exit_code == 0
    assert (directory / "out").read_text() == f"{host.home}\n"
    assert run("session", "stop").exit_code == 0


def test_bytes_on_the_wire(lab: Lab, run: CommandLine, project: ProjectMaker) -> None:
    host = lab.boot("gamma")
    noise = bytes(range(256)) * 4
    big = b"".join(hash_of(number) for number in range(1 << 18))
    directory = project({"outrig.yaml": {"name": "demo"}, "big": big, "small": noise})

    def sent(*words: str) -> int:
        before = host.cable.carried
        done = run("session", *words)
        assert done.exit_code == 0, done.err
        return host.cable.carried - before

    assert sent("start", "--provider", "ssh", "--hosts", "gamma") > len(big)
    assert sent("sync") < 40_000
    with (directory / "big").open("ab") as file:
        file.write(b"more")
    assert sent("sync") < 40_000 + 4096
    (directory / "big").rename(directory / "renamed")
    assert sent("sync") < 40_000
    second = ("start", "--name", "second", "--provider", "ssh", "--hosts", "gamma")
    assert sent(*second) < 60_000
    for name in ("demo", "second"):
        assert run("session", "stop", name, "--yes").exit_code == 0
    assert sent("start", "--provider", "ssh", "--hosts", "gamma") < 60_000
    counted = run("session", "execute", "--shell", "wc -c < renamed").out
    assert int(counted) == len(big) + len("more")
    assert run("session", "stop").exit_code == 0


def hash_of(number: int) -> bytes:
    """Return 32 bytes that nothing compresses, always the same."""
    return hashlib.sha256(number.to_bytes(4, "big")).digest()


def test_gc_clears_what_a_host_keeps_of_ended_sessions(
    lab: Lab, run: CommandLine, project: ProjectMaker
) -> None:
    host = lab.boot("gamma")
    project({"outrig.yaml": {"name": "demo"}, "a.txt": "a"})
    for name in ("one", "two"):
        words = ("--name", name, "--provider", "ssh", "--hosts", "gamma")
        assert run("session", "start", *words).exit_code == 0
    assert run("session", "stop", "one", "--yes").exit_code == 0
    kept = f"ls {host.home}/.local/share/outrig/node-1/*/kept"
    assert host.run(kept).strip() != ""
    cleared = run("gc", "--yes")
    assert (cleared.exit_code, "of ended sessions" in cleared.out) == (0, True), cleared.err
    assert host.run(kept).strip() == ""
    assert run("session", "stop", "two", "--yes").exit_code == 0
