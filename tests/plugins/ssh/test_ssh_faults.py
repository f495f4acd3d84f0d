"""Machines that something is wrong with: each ends in one clear line, or does not matter."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from outrig.errors import OutrigError, RemoteError
from outrig.ids import new_id
from outrig.model.run import RunStatus, Task
from outrig.model.session import SyncRequest
from outrig.testing.memory import MemoryFile, MemorySnapshot
from outrig.testing.providers import Held
from outrig.transport.failures import NoPythonError
from outrig_ssh.provider import SshProvider
from outrig_ssh.settings import SshSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrig.testing.machines import Machine
    from tests.plugins.ssh.conftest import Lab

    Hold = Callable[..., Held]

WORKS = (RunStatus.SUCCEEDED, b"a")


@pytest.fixture(params=["openssh", "paramiko"])
def hold(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Hold]:
    """Hold a session on a host, by each way to connect."""
    made: list[SshProvider] = []

    def start(host: str, **settings: Any) -> Held:
        wanted = {"config_file": str(lab.config), "transport": request.param, **settings}
        made.append(SshProvider(SshSettings(hosts=(host,), **wanted)))
        held = Held(made[-1])
        held.sync({"a.txt": "a"})
        return held

    yield start
    for one in made:
        one.close()


@pytest.fixture
def own(isolated: Lab) -> Machine:
    """A machine of this test's own, to be spoilt."""
    return isolated.boot("gamma", home_size="24m")


def outcome(held: Held) -> tuple[RunStatus, bytes]:
    """Run something, end the session, and return how that went and what was printed."""
    state, out, _ = held.sh("cat a.txt")
    held.end()
    return state.status, out


@pytest.mark.parametrize(
    "noise",
    [
        "echo welcome; echo to you >&2",
        "printf 'no end of line'",
        "printf '\\033]0;title\\007\\033[2J'",
        "head -c 100000 /dev/urandom",
    ],
)
def test_what_a_login_script_prints_does_not_matter(own: Machine, hold: Hold, noise: str) -> None:
    own.run(f"printf '%s\\n' {shlex.quote(noise)} > {own.home}/.bashrc")
    assert outcome(hold("gamma")) == WORKS


def test_a_login_script_that_ends_the_shell_is_one_line(own: Machine, hold: Hold) -> None:
    own.run(f"echo 'echo not here; exit 0' > {own.home}/.bashrc")
    with pytest.raises(RemoteError, match=r"gamma: the node program did not start") as caught:
        hold("gamma")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "fish"])
def test_any_login_shell_will_do(own: Machine, hold: Hold, shell: str) -> None:
    found = own.run(f"command -v {shell} || true").strip()
    if not found:
        pytest.skip(f"there is no {shell} here")
    own.run(f"sed 's#:/bin/bash$#:{found}#' /etc/passwd > /tmp/new; cat /tmp/new > /etc/passwd")
    assert outcome(hold("gamma")) == WORKS


def test_a_home_that_cannot_be_written_is_one_line_and_another_place_will_do(
    own: Machine, hold: Hold
) -> None:
    own.run("mount -o remount,ro /home")
    with pytest.raises(RemoteError, match=r"^gamma: node root /home/ann/.* Read-only") as caught:
        hold("gamma")
    assert "root" in str(caught.value.hint)
    assert outcome(hold("gamma", root="/tmp/elsewhere of mine")) == WORKS


def test_a_tmp_without_programs_does_not_matter(own: Machine, hold: Hold) -> None:
    own.run("mount -o remount,noexec /tmp; mount -o remount,noexec /home")
    assert outcome(hold("gamma")) == WORKS


def test_no_python_is_one_line(own: Machine, hold: Hold) -> None:
    with pytest.raises(NoPythonError, match=r"^gamma: there is no python3\.99 on the host$"):
        hold("gamma", python="python3.99")
    own.run("cp /bin/true /run/machine/no; mount --bind /run/machine/no /usr/bin/python3.11 || :")
    own.run("echo 'PATH=/nowhere' > /home/ann/.bashrc")
    with pytest.raises(NoPythonError, match=r"^gamma: there is no python3 on the host$"):
        hold("gamma")


def test_a_full_disk_is_one_line_and_space_is_enough_to_go_on(own: Machine, hold: Hold) -> None:
    held = hold("gamma")
    big: dict[str, str | bytes | MemoryFile] = {"a.txt": "a", "big": os.urandom(40 << 20)}
    with pytest.raises(OutrigError, match=r"^gamma: No space left on device") as caught:
        held.sync(big)
    assert "\n" not in str(caught.value)
    assert held.sync({"a.txt": "a", "small": "b"}).skipped is False
    assert outcome(held) == WORKS


def test_killed_in_the_middle_of_a_sync_it_is_taken_up_again(own: Machine, hold: Hold) -> None:
    held = hold("gamma", patience_s=30.0)
    files = {f"f{number}": os.urandom(64 << 10) for number in range(100)}
    killed: list[int] = []

    class Killing(MemorySnapshot):
        """Kills the node program once some chunks are on their way."""

        def read(self, digests: Any) -> Any:
            for number, chunk in enumerate(super().read(digests)):
                if number == 60 and not killed:
                    killed.append(1)
                    own.run("pkill -KILL -u 1500 sshd; pkill -KILL -u 1500 python3; :")
                yield chunk

    request = SyncRequest(session_id=held.session_id, nodes=held.nodes, snapshot=Killing(files))
    held.runner.sync(request, held.context)
    assert killed
    assert held.sync(files).skipped is True
    assert held.sh("ls | wc -l")[1] == b"100\n"
    held.end()


@pytest.mark.parametrize("boots_again", [True, False])
def test_a_machine_that_dies_in_the_middle_of_a_sync(
    own: Machine, hold: Hold, *, boots_again: bool
) -> None:
    held = hold("gamma", patience_s=60.0 if boots_again else 0.0, connect_s=2.0)
    files = {f"f{number}": os.urandom(64 << 10) for number in range(100)}
    died: list[int] = []

    class Dying(MemorySnapshot):
        """Ends the machine once some chunks are on their way."""

        def read(self, digests: Any) -> Any:
            for number, chunk in enumerate(super().read(digests)):
                if number == 60 and not died:
                    died.append(1)
                    own.crash()
                    if boots_again:
                        own.boot()
                yield chunk

    request = SyncRequest(session_id=held.session_id, nodes=held.nodes, snapshot=Dying(files))
    if not boots_again:
        with pytest.raises(OutrigError, match=r"gamma: (lost the node program|cannot be reached)"):
            held.runner.sync(request, held.context)
        return
    held.runner.sync(request, held.context)
    assert held.sync(files).skipped is True
    assert held.sh("ls | wc -l")[1] == b"100\n"
    held.end()


def test_nothing_is_left_on_the_host_but_the_program(own: Machine, hold: Hold) -> None:
    held = hold("gamma")
    held.start()
    assert outcome(held) == WORKS
    provider = held.provider
    assert isinstance(provider, SshProvider)
    provider.close()
    while own.run("pgrep -c -u 1500 python3 || true").strip() != "0":
        pass
    assert own.run(f"ls {own.home}/.local/share/outrig/node-1/*/[rs]/ | grep -v : || true") == "\n"


def test_a_run_killed_with_its_machine_is_never_started_again(own: Machine, hold: Hold) -> None:
    held = hold("gamma", patience_s=60.0, alive_s=4.0)
    task = Task(id=new_id(), script="echo started; sleep 600")
    (ref,) = held.start(task)
    held.wait_for_output(ref, b"started")
    own.crash()
    own.boot()
    (state,) = held.runner.observe((ref,))
    assert state.status is RunStatus.LOST
