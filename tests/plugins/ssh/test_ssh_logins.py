"""Who is let in, and whom we trust: keys, agents, certificates, jump hosts, host keys."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Literal

import pytest

from outrig.errors import AuthError, ConfigError, RemoteError, UnreachableError
from outrig.model.node import Endpoint, NodeQuery
from outrig.testing.machines import make_key
from outrig.testing.memory import MemoryContext
from outrig.transport.failures import HostKeyError
from outrig.transport.options import connection_words
from outrig_ssh.provider import SshProvider
from outrig_ssh.settings import SshSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from outrig.testing.machines import Machine
    from tests.plugins.ssh.conftest import Lab

    Greet = Callable[..., str]

BOTH = pytest.mark.parametrize("transport", ["openssh", "paramiko"])


@pytest.fixture
def greet(lab: Lab) -> Iterator[Greet]:
    """Log in to a host with some settings, and return the Python version it tells."""
    made: list[SshProvider] = []

    def log_in(host: str, **settings: Any) -> str:
        wanted = {"config_file": str(lab.config), "hosts": (host,), "connect_s": 10.0, **settings}
        provider = SshProvider(SshSettings(**wanted))
        made.append(provider)
        (node,) = provider.list_nodes(NodeQuery(), MemoryContext()).nodes
        return provider.client(node).hello.python

    yield log_in
    for one in made:
        one.close()


def bare_config(lab: Lab, tmp_path: Path, text: str = "") -> str:
    """Write a configuration that knows no host and no key; returns its path."""
    path = tmp_path / "bare_config"
    path.write_text(
        f"Host *\n UserKnownHostsFile {tmp_path / 'known'}\n GlobalKnownHostsFile none\n"
        f" IdentityFile none\n{text}"
    )
    return str(path)


@BOTH
def test_a_key_file_and_a_known_host_let_in(
    greet: Greet, host: Machine, transport: Literal["openssh", "paramiko"]
) -> None:
    assert re.fullmatch(r"3\.\d+\.\d+", greet(host.name, transport=transport))


@BOTH
def test_an_unknown_host_is_refused(
    greet: Greet, lab: Lab, host: Machine, tmp_path: Path, transport: str
) -> None:
    place = f"{host.user}@127.0.0.1:{host.port}"
    with pytest.raises(HostKeyError, match=f"^{place}: its host key is not known") as caught:
        greet(
            place,
            transport=transport,
            config_file=bare_config(lab, tmp_path),
            key_file=str(lab.keys.user),
        )
    assert "--host-key" in str(caught.value.hint)
    assert caught.value.exit_code == AuthError.exit_code


@BOTH
def test_a_fingerprint_is_enough_and_a_wrong_one_is_refused(
    greet: Greet, lab: Lab, host: Machine, tmp_path: Path, transport: str
) -> None:
    place = f"{host.user}@127.0.0.1:{host.port}"
    settings = {
        "transport": transport,
        "config_file": bare_config(lab, tmp_path),
        "key_file": str(lab.keys.user),
    }
    print_ = host.fingerprint.replace("SHA256", "sha256")
    assert greet(place, host_key=(print_,), **settings)
    assert greet(place, host_key=("SHA256:" + "A" * 43, host.host_key), **settings)
    with pytest.raises(HostKeyError):
        greet(place, host_key=("SHA256:" + "A" * 43,), **settings)
    assert not (tmp_path / "known").exists()


def test_a_fingerprint_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="is no fingerprint"):
        connection_words(Endpoint(host="a", host_keys=("SHA256:$(id)",)))


@BOTH
def test_a_changed_host_key_is_refused(greet: Greet, lab: Lab, transport: str) -> None:
    machine = lab.boot("gamma")
    machine.crash()
    machine.boot(new_key=True)
    with pytest.raises(HostKeyError, match=r"^gamma: its host key has changed: it shows SHA256:"):
        greet("gamma", transport=transport)


@BOTH
def test_a_wrong_key_is_refused(
    greet: Greet, lab: Lab, host: Machine, tmp_path: Path, transport: str
) -> None:
    other = make_key(tmp_path / "other")
    place = f"{host.user}@127.0.0.1:{host.port}"
    with pytest.raises(AuthError) as caught:
        greet(
            place,
            transport=transport,
            config_file=bare_config(lab, tmp_path),
            key_file=str(other),
            host_key=(host.host_key,),
        )
    assert "\n" not in str(caught.value)


@BOTH
def test_an_agent_lets_in(
    greet: Greet,
    lab: Lab,
    host: Machine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    transport: str,
) -> None:
    socket = os.environ["XDG_RUNTIME_DIR"] + "/agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", socket)
        while subprocess.run(["ssh-add", "-q", str(lab.keys.user)], check=False).returncode:
            assert agent.poll() is None
        place = f"{host.user}@127.0.0.1:{host.port}"
        config = bare_config(lab, tmp_path)
        assert greet(place, transport=transport, config_file=config, host_key=(host.host_key,))
    finally:
        agent.terminate()
        agent.wait()


def test_a_certificate_lets_in(greet: Greet, lab: Lab, host: Machine, tmp_path: Path) -> None:
    key = make_key(tmp_path / "signed")
    words = ["ssh-keygen", "-q", "-s", str(lab.keys.authority), "-I", "x", "-n", host.user]
    subprocess.run([*words, f"{key}.pub"], check=True)
    place = f"{host.user}@127.0.0.1:{host.port}"
    assert greet(
        place,
        config_file=bare_config(lab, tmp_path),
        key_file=str(key),
        host_key=(host.host_key,),
    )


def test_a_jump_host_leads_further(greet: Greet, lab: Lab, host: Machine, tmp_path: Path) -> None:
    inside = 22 if host.isolated else host.port
    config = tmp_path / "jump_config"
    config.write_text(
        lab.config.read_text() + f"Host inner\n HostName 127.0.0.1\n Port {inside}\n"
        f" User {host.user}\n IdentityFile {lab.keys.user}\n HostKeyAlias inner\n"
        f" UserKnownHostsFile {tmp_path / 'inner'}\n"
    )
    (tmp_path / "inner").write_text(f"inner {host.host_key}\n")
    assert greet("inner", jump=host.name, config_file=str(config))
    with pytest.raises(RemoteError, match="the transport paramiko has no jump hosts"):
        greet("inner", jump=host.name, config_file=str(config), transport="paramiko")


def test_the_users_own_odd_configuration_does_no_harm(
    greet: Greet, lab: Lab, host: Machine, tmp_path: Path
) -> None:
    config = tmp_path / "odd"
    config.write_text(
        "Host *\n RemoteCommand echo no\n RequestTTY force\n LocalForward 1 localhost:1\n"
        " StrictHostKeyChecking no\n EscapeChar ~\n LogLevel QUIET\n PermitLocalCommand yes\n"
        f" LocalCommand touch {tmp_path}/was-run\n" + lab.config.read_text()
    )
    assert greet(host.name, config_file=str(config))
    assert not (tmp_path / "was-run").exists()


def test_hardware_keys_and_the_rest_are_left_to_openssh() -> None:
    words = connection_words(
        Endpoint(host="gpu", port=2222, user="ann", key_file="/k/id_ed25519_sk", jump="hop")
    )
    assert {"Port=2222", "User=ann", 'IdentityFile="/k/id_ed25519_sk"', "ProxyJump=hop"} <= {*words}
    assert "StrictHostKeyChecking=yes" in words
    assert not [one for one in words if "CheckHostIP" in one or one.endswith("=accept-new")]


@BOTH
def test_a_host_that_is_not_there_is_one_line(
    greet: Greet, host: Machine, lab: Lab, tmp_path: Path, transport: str
) -> None:
    config = bare_config(lab, tmp_path)
    for place in ("127.0.0.1:1", "no-such-host.example"):
        with pytest.raises(UnreachableError, match=f"^{place}: cannot be reached: ") as caught:
            greet(place, transport=transport, config_file=config)
        assert "\n" not in str(caught.value)


def test_without_openssh_paramiko_is_taken(
    greet: Greet, host: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert greet(host.name)
    with pytest.raises(ConfigError, match="there is no ssh on PATH"):
        greet(host.name, transport="openssh")
    assert shutil.which("ssh") is None


def test_more_processes_than_sessions_are_allowed(greet: Greet, lab: Lab) -> None:
    lab.boot("gamma", options=["MaxSessions 1"])
    assert len([greet("gamma") for _ in range(3)]) == 3
