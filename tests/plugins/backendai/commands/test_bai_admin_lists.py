"""`bai config`, and what `bai admin` says of key pairs, agents and scaling groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai


AGENT_LIST = ["admin", "agent", "list"]


LINES = (
    "bai config",
    "bai admin agents",
    "bai admin keypair",
    "bai admin scaling-groups",
    "bai admin scaling-group default",
    "bai admin list-scaling-groups default",
    "bai admin session",
)


def record(bai: Bai, *words: str) -> dict[str, object]:
    """Return what a command says as JSON."""
    answer = bai("--output", "json", *words).checked().json()
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize("line", LINES)
def test_the_shim_and_root_options_lead_there(line: str, run: CommandLine) -> None:
    words = line.split()[1:]
    shown = run("--shim", "backend.ai", "--skip-sslcert-validation", *words).checked().out
    assert shown.splitlines()


def test_the_configuration_hides_the_secret(bai: Bai, compute: Compute) -> None:
    key = compute.caller.access_key
    secret = compute.directory.keypairs.first().secret_key
    for words in (["config"], ["admin", "keypair"], ["admin", "keypair", "info"]):
        out = bai(*words).checked().out
        assert key in out
        assert secret not in out
        assert f"{secret[:6]}{'*' * 24}{secret[-10:]}" in out
    assert record(bai, "config")["endpoint"] == "outrig:local"
    assert record(bai, "admin", "keypair")["idle_timeout"] == 1800


def test_a_server_is_refused(bai: Bai) -> None:
    done = bai.run("bai", "config", env={"BACKEND_ENDPOINT": "https://api.example.org"})
    assert done.exit_code == 3
    assert "BACKEND_ENDPOINT is https://api.example.org" in done.err


def test_this_computer_is_an_agent(bai: Bai) -> None:
    lists = [bai(*words).checked().out for words in (["admin", "agents"], AGENT_LIST)]
    assert lists[0] == lists[1]
    agents = record(bai, "admin", "agents")["items"]
    assert isinstance(agents, list)
    this = next(one for one in agents if one["provider"] == "local")
    assert (this["status"], this["scaling_group"], this["kernels"]) == ("ALIVE", "default", 0)
    for words in ("bai admin agent", "bai admin agent info"):
        found = record(bai, *words.split()[1:], this["id"])
        assert found["available_slots"] == this["available_slots"]
    missing = bai("admin", "agent", "nosuch")
    assert (missing.exit_code, f"there are: {this['id']}" in missing.err) == (4, True)


def test_agents_are_chosen(bai: Bai) -> None:
    for words in (["-s", "LOST"], ["--sgroup", "nosuch", "--offset", "0"]):
        assert bai("admin", "agents", *words).checked().out == "There are no matching agents.\n"
    assert bai("admin", "agents", "-s", "all").checked().out.count(" local ") == 1


def test_a_session_takes_from_its_agent(bai: Bai) -> None:
    bai("start", "-t", "takes-some", "-r", "mem=64m", "python").checked()
    agents = record(bai, "admin", "agents", "--filter", "kernels == 1")["items"]
    assert isinstance(agents, list)
    assert [one["occupied_slots"] for one in agents] == [{"cpu": "1", "mem": str(64 << 20)}]
    out = bai("ps", "--detail").checked().out
    assert "cpu:1, mem:64.0M" in out
    bai("rm", "takes-some").checked()
    assert record(bai, "admin", "agents", "--filter", "kernels == 1")["count"] == 0


def test_scaling_groups_are_listed(bai: Bai) -> None:
    for words in (["admin", "scaling-groups"], ["admin", "scaling-group", "list"]):
        groups = record(bai, *words)["items"]
        assert isinstance(groups, list)
        assert [one["name"] for one in groups] == ["default"]
        assert groups[0]["domains"] == ["default"]
    for words in (["-n", "default"], ["default"], ["info", "default"]):
        assert record(bai, "admin", "scaling-group", *words)["scheduler"] == "fifo"
    for words in (["list-scaling-groups"], ["scaling-group", "get-available"]):
        assert record(bai, "admin", *words, "default")["count"] == 1
    for words, code in (
        (["scaling-group"], 2),
        (["scaling-group", "nosuch"], 4),
        (["list-scaling-groups", "nosuch"], 4),
    ):
        assert bai("admin", *words).exit_code == code
