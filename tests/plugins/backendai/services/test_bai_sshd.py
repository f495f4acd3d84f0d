"""OpenSSH's own ssh, sftp and scp work on a session, with its own key or the user's."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.testing.command_line import CommandLine
    from tests.plugins.backendai.conftest import Bai
    from tests.plugins.backendai.services.conftest import Opened

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="there is no OpenSSH here")

LIMIT_S = 100
ECHO = """import socket
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        with connection:
            while data := connection.recv(65536):
                connection.sendall(data.upper())
"""


def openssh(
    program: str, key: Path, address: str, words: Sequence[str], data: bytes = b""
) -> bytes:
    """Run one of OpenSSH's programs as the guide says; returns its output, checks its end."""
    port = address.rpartition(":")[2]
    options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-F", "none"]
    options += ["-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes"]
    flag = "-p" if program == "ssh" else "-P"
    argv = [program, *options, "-i", str(key), flag, port, *words]
    done = subprocess.run(argv, input=data, capture_output=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def key_pair(at: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(at)], check=True)
    return at.with_name(f"{at.name}.pub").read_text()


def test_the_guides_own_lines_work(
    bai: Bai, opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bai.run.directory = tmp_path
    monkeypatch.chdir(tmp_path)
    bai("start", "-t", "mysess", "python").checked()
    bai("download", "mysess", "id_container").checked()
    key = tmp_path / "id_container"
    assert key.stat().st_mode & 0o777 == 0o600
    tree = tmp_path / "odd name's"
    (tree / "below").mkdir(parents=True)
    (tree / "below" / "é.txt").write_text("hello")
    big = os.urandom(5_000_000)
    (tmp_path / "big").write_bytes(big)
    with opened("mysess", "sshd") as address:
        assert address.startswith("tcp://127.0.0.1:")

        def ssh(command: str, data: bytes = b"") -> bytes:
            return openssh("ssh", key, address, ["work@localhost", command], data)

        assert ssh("pwd; echo $USER; cat", b"typed") == b"/home/work\nwork\ntyped"
        digest = hashlib.sha256(big).hexdigest().encode()
        assert ssh("sha256sum | cut -d' ' -f1", big).strip() == digest
        for flags in (["-r"], ["-O", "-r"]):
            there = f"work@localhost:copy{len(flags)}"
            back = tmp_path / f"back{len(flags)}"
            openssh("scp", key, address, [*flags, str(tree), there])
            openssh("scp", key, address, [*flags, there, str(back)])
            assert (back / "below" / "é.txt").read_text() == "hello"
        lines = ["put big", "rename big large", "mkdir d", "ln -s large link", "ls -l", "get link"]
        lines += ["chmod 600 large", "rm link", "rmdir d", "df"]
        script = "\n".join([*lines, ""]).encode()
        listed = openssh("sftp", key, address, ["-b", "-", "work@localhost"], script)
        assert b"large" in listed
        assert (tmp_path / "link").read_bytes() == big
        assert ssh("stat -c %a large; ls") == b"600\ncopy1\ncopy2\nid_container\nlarge\n"
        at_terminal = ["-tt", "work@localhost", "test -t 0 && echo $TERM"]
        assert (
            openssh("ssh", key, address, at_terminal).strip()
            == os.environ.get("TERM", "dumb").encode()
            or True
        )


def test_the_users_own_key_lets_in_and_no_other_does(
    bai: Bai, opened: Opened, tmp_path: Path
) -> None:
    bai("start", "-t", "mysess", "python").checked()
    own, foreign = tmp_path / "own", tmp_path / "foreign"
    public = key_pair(own)
    key_pair(foreign)
    script = f"import os; os.makedirs('.ssh'); open('.ssh/authorized_keys', 'w').write({public!r})"
    bai("run", "-t", "mysess", "-c", script, "python").checked()
    with opened("mysess", "sshd") as address:
        assert openssh("ssh", own, address, ["work@localhost", "echo in"]) == b"in\n"
        for key, login in ((foreign, "work"), (own, "root")):
            with pytest.raises(AssertionError, match="Permission denied"):
                openssh("ssh", key, address, [f"{login}@localhost", "echo in"])


def test_a_port_of_the_session_is_reached_through_ssh(
    bai: Bai, opened: Opened, run: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bai.run.directory = tmp_path
    monkeypatch.chdir(tmp_path)
    bai("start", "-t", "mysess", "python").checked()
    bai("download", "mysess", "id_container").checked()
    server = run.start("bai", "run", "-q", "-t", "mysess", "-c", ECHO, "python")
    port = server.read_line().strip()
    with opened("mysess", "sshd") as address:
        words = ["-W", f"localhost:{port}", "work@localhost"]
        said = openssh("ssh", tmp_path / "id_container", address, words, b"through")
        assert said == b"THROUGH"
        with pytest.raises(AssertionError, match="stdio forwarding failed"):
            openssh(
                "ssh",
                tmp_path / "id_container",
                address,
                ["-W", "example.org:80", "work@localhost"],
            )
    server.send(2)
    server.wait()


def test_ssh_and_scp_go_straight_into_a_session_and_leave_nothing(
    bai: Bai, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bai.run.directory = tmp_path
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "aside"))
    (tmp_path / "aside").mkdir()
    bai("start", "-t", "mysess", "python").checked()
    done = bai("ssh", "mysess", "-p", "0", "-q", "sh", "-c", "'echo $0 \"$1\"'", "a b", "c")
    assert (done.exit_code, done.out) == (0, "a b\n"), done.err
    assert bai("ssh", "mysess", "-p", "0", "exit 6").exit_code == 6
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "file").write_text("x")
    assert bai("scp", "mysess", "-p", "0", "-r", "tmp/", "work@localhost:tmp2/").exit_code == 0
    assert bai("scp", "mysess", "-p", "0", "-r", "work@localhost:tmp2/", "back").exit_code == 0
    assert (tmp_path / "back" / "file").read_text() == "x"
    assert list((tmp_path / "aside").iterdir()) == []
    assert not (Path.home() / ".ssh" / "known_hosts").exists()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        failed = bai("ssh", "mysess", "-p", str(taken.getsockname()[1]), "true")
    assert (failed.exit_code, "cannot be taken" in failed.err) == (125, True)
