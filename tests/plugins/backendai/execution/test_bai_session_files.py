"""Files of sessions: `bai upload`, `bai download`, `bai ls`, `bai mkdir`."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from tests.plugins.backendai.conftest import Bai

SIZE_BYTES = int(os.environ.get("OUTRIG_TEST_BIG_FILE_BYTES", 24 << 20))
"""1 GiB in the long tests."""


@pytest.fixture
def session(bai: Bai) -> str:
    bai("start", "-t", "filled", "python").checked()
    return "filled"


def write_big(path: Path) -> str:
    """Write a file that cannot be compressed; returns its digest."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(SIZE_BYTES // (1 << 20)):
            part = os.urandom(1 << 20)
            digest.update(part)
            file.write(part)
    return digest.hexdigest()


def test_what_goes_up_comes_down_the_same(bai: Bai, run: CommandLine, session: str) -> None:
    here = run.directory
    sent = write_big(here / "big file.bin")
    (here / "deep" / "er").mkdir(parents=True)
    (here / "deep" / "er" / "ü ' x.txt").write_text("text")
    (here / "deep" / "empty.txt").write_text("")
    there = "import hashlib; print(hashlib.sha256(open('big file.bin','rb').read()).hexdigest())"

    bai("upload", session, "big file.bin", "deep", timeout_s=600).checked()
    inside = bai("run", "-q", "-t", session, "-c", there, "python").checked()
    (here / "down").mkdir()
    words = ("download", session, "big file.bin", "/home/work/deep", "--dest", "down")
    bai(*words, timeout_s=600).checked()

    assert inside.out.strip() == sent
    came = hashlib.sha256((here / "down" / "big file.bin").read_bytes()).hexdigest()
    assert came == sent
    assert (here / "down" / "deep" / "er" / "ü ' x.txt").read_text() == "text"
    assert (here / "down" / "deep" / "empty.txt").read_text() == ""


def test_directories_are_made_and_listed(bai: Bai, run: CommandLine, session: str) -> None:
    (run.directory / "run.sh").write_text("echo hi\n")
    (run.directory / "run.sh").chmod(0o755)
    bai("upload", session, "run.sh").checked()

    bai("mkdir", session, "a b").checked()
    refused = bai("mkdir", session, "a b")
    bai("session", "mkdir", "-e", session, "a b").checked()
    bai("mkdir", "-p", session, "x/y/z", "/home/work/a b/c").checked()
    listed = bai("ls", session, "--output", "json").checked()
    inner = bai("session", "ls", session, "a b").checked()
    absent = bai("ls", session, "nowhere")

    assert refused.exit_code == 7
    assert "File exists" in refused.err
    found = {one["name"]: one for one in json.loads(listed.out)}
    assert found["run.sh"]["size"] == 8
    assert found["run.sh"]["mode"] == "-rwxr-xr-x"
    assert found["a b"]["mode"].startswith("drwx")
    assert "x" in found
    assert inner.lines[0].split("  ")[0] == "File name"
    assert inner.lines[1].split()[0] == "c"
    assert absent.exit_code == 7
    assert "No such file or directory" in absent.err


def test_a_private_key_is_its_owners_only(bai: Bai, run: CommandLine, session: str) -> None:
    (run.directory / "id_own").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    bai("session", "upload", session, "id_own").checked()
    (run.directory / "id_own").unlink()

    bai("session", "download", session, "id_own").checked()

    assert (run.directory / "id_own").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_copied_is_said(bai: Bai, run: CommandLine, session: str) -> None:
    (run.directory / "file").write_text("")
    for words, code, message in (
        (("upload", session), 2, "FILES"),
        (("upload", session, "gone"), 4, "gone does not exist"),
        (("upload", "nobody", "file"), 4, "nobody"),
        (("download", session), 2, "FILES"),
        (("download", session, "gone"), 4, "gone"),
        (("download", session, "../../place.json"), 2, "is outside /home/work"),
        (("download", session, "gone", "--dest", "file"), 2, "file is not a directory"),
    ):
        refused = bai(*words)
        assert refused.exit_code == code, str(refused)
        assert message in refused.err, str(refused)


def test_files_from_elsewhere_keep_their_name_only(
    bai: Bai, run: CommandLine, session: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = tmp_path_factory.mktemp("there")
    (there / "one.txt").write_text("1")

    sent = bai("upload", session, str(there / "one.txt")).checked()

    assert not (run.directory / "one.txt").exists()
    assert sent.err.endswith("one.txt\n")
    assert "one.txt" in bai("ls", session, "--output", "plain").checked().out
