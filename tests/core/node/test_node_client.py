"""Our end of the pipe: what comes from a node is data, and may be anything."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.errors import OutrigError, RemoteError
from outrig.node.answers import Nothing, StatesAnswer, SyncAnswer
from outrig.node.client import LostNodeError, connect
from outrig.transport.base import Transport
from outrig.transport.local import LocalTransport, ProcessPipe, start_process

if TYPE_CHECKING:
    from outrig.testing.providers import Held
    from outrig_local.provider import LocalProvider

HAVE = r"printf '\0outrig-node have\n'"


class Script(Transport):
    """A node that is only a shell script."""

    name = "hostile"

    def __init__(self, script: str) -> None:
        self.script = script

    def open(self, arguments: tuple[str, ...]) -> ProcessPipe:
        return start_process(["sh", "-c", self.script, *arguments], self.name)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 1", "the node program did not start: what answers is no node program"),
        ("echo 'no space' >&2; exit 1", "the node program did not start: no space"),
        ("head -c 300000 /dev/zero", "the node program did not start: what answers is no node"),
        ("yes garbage", "the node program did not start: what answers is no node program"),
        (f"{HAVE}; yes garbage", "the node program did not start: what came is not a frame"),
        (f"{HAVE}; head -c 100000000 /dev/zero", "what came is not a frame"),
        (f"{HAVE}; printf 'short'", "the stream ends within a frame"),
        (r"printf '\0outrig-node old 3.6\n'", r"Python 3\.6 is too old \(3\.8 is needed\)"),
        (f"{HAVE}; sleep 600", r"no answer from the node in 0\.3 s"),
        ("sleep 600", r"no answer from the node in 0\.3 s"),
    ],
)
def test_what_is_no_node_program_is_told_in_one_line(script: str, message: str) -> None:
    with pytest.raises(RemoteError, match=message) as caught:
        connect(Script(script), "", timeout_s=0.3 if "sleep" in script else 30)
    assert str(caught.value).startswith("hostile: ")
    assert "\n" not in str(caught.value)


def test_what_login_scripts_print_is_skipped(root: Path) -> None:
    python = f'exec {sys.executable} "$@"'
    script = f"echo welcome; printf 'no newline'; head -c 1000 /dev/zero; shift 0; {python}"

    class Noisy(Script):
        def open(self, arguments: tuple[str, ...]) -> ProcessPipe:
            return start_process(["sh", "-c", self.script, "sh", *arguments], self.name)

    client = connect(Noisy(script), str(root))
    assert client.hello.root == str(root)
    client.close()


@pytest.mark.parametrize(
    "reply",
    ['{"states": 7}', "[]", "null", '{"states": [{"id": 1, "status": "NONE"}]}', "not json"],
)
def test_an_answer_that_makes_no_sense_is_said(root: Path, reply: str) -> None:
    fake = Path(__file__).parent / "fake_node.py"

    script = f"exec {sys.executable} {fake} {shlex.quote(reply)}"
    client = connect(Script(script), str(root))
    with pytest.raises(RemoteError, match="hostile: the node's answer makes no sense"):
        client.call(StatesAnswer, "observe", runs=[])
    client.close()


def test_a_call_that_the_node_does_not_know_is_said(root: Path) -> None:
    client = connect(LocalTransport(), str(root))
    with pytest.raises(RemoteError, match="this node program has no 'nothing'"):
        client.call(Nothing, "nothing")
    client.close()


def test_a_lost_connection_is_told_with_what_to_do(root: Path) -> None:
    client = connect(LocalTransport(), str(root))
    exchange = client.start(SyncAnswer, "sync", session="s", digest="x", size=9)
    assert exchange.receive(60)  # the node waits for the manifest from now on
    os.kill(client.hello.pid, signal.SIGKILL)
    with pytest.raises(LostNodeError, match="lost the node program") as caught:
        exchange.reply()
    assert caught.value.hint == "what runs there goes on; ask again to see it"
    with pytest.raises(LostNodeError):
        client.call(Nothing, "observe")
    client.close()


def test_the_provider_connects_again_by_itself(provider: LocalProvider, held: Held) -> None:
    for _ in range(3):
        os.kill(provider.client(held.head).hello.pid, signal.SIGKILL)
        assert held.sh("echo works")[1] == b"works\n"


def test_closing_twice_and_using_after_is_fine(provider: LocalProvider, held: Held) -> None:
    provider.close()
    provider.close()
    assert held.sh("echo works")[1] == b"works\n"


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".", "..", "-x", "x" * 200, "a\0b", "a b"])
def test_an_id_that_is_no_name_is_refused(root: Path, name: str) -> None:
    client = connect(LocalTransport(), str(root))
    for op in ("sync", "execute", "list_files", "end_session", "console", "prepare", "arm"):
        with pytest.raises(OutrigError, match="session id"):
            client.call(Nothing, op, session=name, digest="d", size=0, path="p")
    for op in ("read_log", "cancel"):
        with pytest.raises(OutrigError, match="run id"):
            client.call(Nothing, op, run=name, runs=[name], stream="out")
    client.close()
