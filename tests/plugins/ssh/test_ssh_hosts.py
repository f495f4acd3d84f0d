"""Hosts and groups as people write them."""

from __future__ import annotations

import pytest

from outrig.errors import ConfigError
from outrig_ssh.hosts import Host, parse_groups, parse_host, parse_hosts


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("gpu1", Host(name="gpu1")),
        ("ann@gpu1", Host(name="gpu1", user="ann")),
        ("gpu1:2222", Host(name="gpu1", port=2222)),
        ("ann@gpu-1.example:22", Host(name="gpu-1.example", user="ann", port=22)),
        ("ssh://ann@gpu1:22/", Host(name="gpu1", user="ann", port=22)),
        ("10.0.0.1", Host(name="10.0.0.1")),
        ("::1", Host(name="::1")),
        ("2001:db8::7", Host(name="2001:db8::7")),
        ("[2001:db8::7]:2222", Host(name="2001:db8::7", port=2222)),
        ("ann@[fe80::1%eth0]:22", Host(name="fe80::1%eth0", user="ann", port=22)),
    ],
)
def test_a_host_is_understood(text: str, host: Host) -> None:
    assert parse_host(text) == host
    assert parse_host(host.label) == host


@pytest.mark.parametrize(
    "text",
    ["", " ", "-oProxyCommand=x", "a b", "a;b", "$(id)", "a:0", "a:99999", "a/b", "@"],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no host" if text != "@" else "there is no group"):
        parse_hosts([text], {})


def test_groups_may_hold_groups_and_each_host_counts_once() -> None:
    groups = parse_groups(["lab=a b @more", "more=b c"])
    assert [one.name for one in parse_hosts(["@lab", "d", "a"], groups)] == ["a", "b", "c", "d"]
    with pytest.raises(ConfigError, match="group x is a member of itself"):
        parse_hosts(["@x"], parse_groups(["x=@y", "y=@x"]))
    with pytest.raises(ConfigError, match="is no group"):
        parse_groups(["lab"])
