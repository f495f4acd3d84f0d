"""The lines of Backend.AI's guides that run code, as they are printed there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plugins.ssh.typing_user import TypingUser

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai


def test_hello_world_of_both_guides(bai: Bai) -> None:
    done = bai("run", "--rm", "-c", 'print("hello world")', "python:3.6-ubuntu18.04").checked()

    assert done.out == "hello world\n"


def test_a_file_with_arguments_of_both_guides(bai: Bai, run: CommandLine) -> None:
    (run.directory / "myscript.py").write_text("import sys; print(*sys.argv)\n")

    done = bai(
        "run", "--rm", "--exec", "python myscript.py arg1 arg2",
        "python:3.6-ubuntu18.04", "./myscript.py",
    ).checked()  # fmt: skip

    assert done.out == "myscript.py arg1 arg2\n"


def test_what_no_agent_has_is_refused_at_once(bai: Bai, run: CommandLine, compute: Compute) -> None:
    (run.directory / "mygpucode.py").write_text("print('on two GPUs')\n")
    words = ("-r", "cpu=4", "-r", "mem=8g", "-r", "cuda.shares=2000")

    done = bai("run", "--rm", *words, "python-tensorflow:1.12-py36", "./mygpucode.py")

    assert done.exit_code == 125
    assert "no agent has" in done.err
    assert compute.directory.sessions.select() == []


def test_max_wait_and_enqueue_only_of_both_guides(bai: Bai) -> None:
    words = ("-c", 'print("hello world")', "python:3.6-ubuntu18.04")

    waited = bai("run", "--rm", "--max-wait", "60", *words).checked()
    queued = bai("run", "--enqueue-only", *words).checked()

    assert waited.out == "hello world\n"
    assert queued.out.endswith(" is enqueued for scheduling.\n")


def test_a_secret_is_typed_unseen_and_other_words_are_seen(bai: Bai, run: CommandLine) -> None:
    code = (
        "import getpass; name = input('name? '); secret = getpass.getpass('secret? ');"
        " print(name + str(len(secret)), input('more? ') + '!')"
    )
    user = TypingUser("bai", "run", "--rm", "-q", "-c", code, "python", cwd=run.directory)
    user.read_until("name? ")
    user.type("ann\n")
    user.read_until("secret? ")
    user.type("hushhush\n")
    user.read_until("more? ")
    user.type("yes\n")
    user.read_until("ann8 yes!")

    assert user.wait() == 0
    assert "hushhush" not in user.seen
    assert "ann\r\n" in user.seen
