"""The snapshot commands as a user types them."""

from __future__ import annotations

import os
import re
import uuid
from typing import TYPE_CHECKING

import pytest

from outrig.testing.stores import picture

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker

_UTC = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"


@pytest.fixture
def demo(project: ProjectMaker) -> Path:
    """A project with something to ignore and something to bring back."""
    return project(
        {
            "outrig.yaml": {"name": "demo", "output_files": ["result.txt", "missing.bin"]},
            ".gitignore": "*.log\nresult.txt\n",
            "train.py": "print('one')\n",
            "data/a.csv": "1,2\n",
            "noise.log": "noise",
            "result.txt": "42\n",
        }
    )


def test_create_prints_the_name_and_says_what_was_done(run: CommandLine, demo: Path) -> None:
    result = run("snapshot", "create", "--name", "v1", "--description", "first").checked()
    assert result.out == "v1\n"
    assert "5 files" in result.err
    assert "1 left out by the ignore rules" in result.err
    assert "missing output files: missing.bin" in result.err


def test_without_a_name_it_is_a_uuid(run: CommandLine, demo: Path) -> None:
    result = run("snapshot", "create", "-y").checked()
    assert str(uuid.UUID(result.out.strip())) == result.out.strip()


def test_the_guides_lines_work_as_printed(run: CommandLine, demo: Path) -> None:
    assert run("any", "snapshot", "list").checked().out == "No snapshots found.\n"
    created = run("any", "snapshot", "create", "--name", "hello").checked()
    assert re.fullmatch(rf"Snapshot\(name=hello created_at={_UTC}\)\n", created.out)
    listed = run("any", "snapshot", "list").checked()
    assert re.fullmatch(
        rf"Project snaphots:\nSnapshot\(name=hello created_at={_UTC}\)\n", listed.out
    )
    run("any", "snapshot", "delete", "hello").checked()
    assert run("any", "snapshot", "list").out == "No snapshots found.\n"


def test_list_is_newest_first_and_of_this_project(
    run: CommandLine, demo: Path, project: ProjectMaker
) -> None:
    assert run("snapshot", "list").checked().err == "no snapshots\n"
    for name in ("v1", "v2"):
        run("snapshot", "create", "--name", name).checked()
    other = project({"outrig.yaml": {"name": "other"}}, name="other")
    run("snapshot", "create", "--name", "theirs", cwd=other).checked()
    records = run("snapshot", "list", "--output", "json", cwd=demo).records()
    assert [one["name"] for one in records] == ["v2", "v1"]
    assert records[0]["files"] == 5
    assert records[0]["missing_outputs"] == ["missing.bin"]
    everywhere = run("snapshot", "list", "--output", "plain", "--format", "name", cwd=demo.parent)
    assert everywhere.lines == ["theirs", "v2", "v1"]
    limited = run("snapshot", "list", "--limit", "1", "--output", "plain", "--format", "name")
    assert limited.lines == ["theirs"]


def test_list_with_a_session_tells_its_story(run: CommandLine, demo: Path) -> None:
    run("snapshot", "create", "--name", "v1").checked()
    run("session", "start", "--name", "s1", "--snapshot-name", "v1").checked()
    result = run("snapshot", "list", "--name", "s1").checked()
    assert re.fullmatch(
        rf"Snapshots applied to Session\(name=s1 created_at={_UTC}\)\n"
        rf" {_UTC}: Snapshot\(name=v1 created_at={_UTC}\)\n"
        rf"Commands run during Session\(name=s1 created_at={_UTC}\)\n",
        result.out,
    ), result.out


def test_show_ls_and_cat_look_into_it(run: CommandLine, demo: Path) -> None:
    run("snapshot", "create", "--name", "v1", "-d", "first try").checked()
    shown = run("snapshot", "show", "v1").checked().out
    assert "description:      first try" in shown
    assert "missing outputs:  missing.bin" in shown
    top = run("snapshot", "ls", "v1", "--output", "plain", "--format", "path").lines
    assert top == [".gitignore", "data/", "outrig.yaml", "result.txt", "train.py"]
    below = run("snapshot", "ls", "v1", "data", "--output", "plain", "--format", "path,output")
    assert below.lines == ["data/a.csv\tfalse"]
    assert run("snapshot", "ls", "v1", "-r", "--output", "plain").out.count("\n") == 6
    assert run("snapshot", "cat", "v1", "train.py", "./data/a.csv").out == "print('one')\n1,2\n"


def test_diff_says_what_changed(run: CommandLine, demo: Path) -> None:
    run("snapshot", "create", "--name", "v1").checked()
    (demo / "train.py").write_text("print('two')\n")
    (demo / "data/a.csv").unlink()
    (demo / "data").rmdir()
    (demo / "run.sh").write_text("#!/bin/sh\n")
    run("snapshot", "create", "--name", "v2").checked()
    (demo / "run.sh").chmod(0o755)
    (demo / "train.py").unlink()
    (demo / "train.py").symlink_to("run.sh")
    run("snapshot", "create", "--name", "v3").checked()

    def diff(*words: str) -> list[str]:
        result = run("snapshot", "diff", *words, "--output", "plain", "--format", "change,path")
        return result.checked().lines

    assert diff("v1", "v2") == ["removed\tdata/a.csv", "added\trun.sh", "changed\ttrain.py"]
    assert diff("v2", "v3") == ["mode\trun.sh", "type\ttrain.py"]
    assert diff("v1", "v2", "data") == ["removed\tdata/a.csv"]
    assert run("snapshot", "diff", "v1", "v1").checked().err == "no difference\n"


def test_diff_of_a_file_shows_its_lines(run: CommandLine, demo: Path) -> None:
    (demo / "notes").write_text("one\ntwo\nthree")
    run("snapshot", "create", "--name", "v1").checked()
    (demo / "notes").write_text("one\n\x1b[2Jtwo\nthree")
    run("snapshot", "create", "--name", "v2").checked()
    assert run("snapshot", "diff", "v1", "v2", "notes").checked().lines == [
        "--- a/notes",
        "+++ b/notes",
        "@@ -1,3 +1,3 @@",
        " one",
        "-two",
        "+\\x1b[2Jtwo",
        " three",
        "\\ No newline at end of file",
    ]
    assert run("snapshot", "diff", "v1", "v2", "train.py").checked().err == "no difference\n"
    listed = run("snapshot", "diff", "v1", "v2", "notes", "--output", "csv", "--format", "change")
    assert listed.checked().lines == ["change", "changed"]
    missing = run("snapshot", "diff", "v1", "v2", "nothing")
    assert missing.exit_code == 4
    assert missing.err.startswith('outrig: error: "nothing" is in neither snapshot')


def test_restore_brings_the_project_back(run: CommandLine, demo: Path, tmp_path: Path) -> None:
    run("snapshot", "create", "--name", "v1").checked()
    result = run("snapshot", "restore", "v1", str(tmp_path / "back")).checked()
    assert "restored v1 into" in result.err
    wanted = picture(demo)
    back = picture(tmp_path / "back")
    assert set(wanted) - set(back) == {b"noise.log"}
    assert all(wanted[path] == seen for path, seen in back.items())
    (demo / "train.py").write_text("ruined")
    conflict = run("snapshot", "restore", "v1", ".")
    assert conflict.exit_code == 2
    assert "train.py" in conflict.err
    run("snapshot", "restore", "v1", ".", "--overwrite").checked()
    assert (demo / "train.py").read_text() == "print('one')\n"


def test_a_name_stands_for_the_newest_and_that_is_said(run: CommandLine, demo: Path) -> None:
    run("snapshot", "create", "--name", "same").checked()
    (demo / "train.py").write_text("newer")
    run("snapshot", "create", "--name", "same").checked()
    result = run("snapshot", "restore", "same", "../newest").checked()
    assert '2 snapshots are called "same": taking the newest' in result.err
    assert (demo.parent / "newest/train.py").read_text() == "newer"
    ids = [str(one["id"]) for one in run("snapshot", "list", "--output", "json").records()]
    assert run("snapshot", "cat", ids[1], "train.py").out == "print('one')\n"


def test_delete_removes_all_of_a_name(run: CommandLine, demo: Path) -> None:
    for name in ("a", "b", "a", "c"):
        run("snapshot", "create", "--name", name).checked()
    result = run("snapshot", "delete", "a", "c").checked()
    assert result.err.count("deleted ") == 3
    assert run("snapshot", "list", "--output", "plain", "--format", "name").lines == ["b"]
    missing = run("snapshot", "delete", "nothing")
    assert missing.exit_code == 4
    assert "No snapshots found with name nothing" in missing.err


def test_check_finds_a_flipped_bit_and_names_the_file(
    run: CommandLine, demo: Path, outrig_home: Path
) -> None:
    (demo / "weights.bin").write_bytes(os.urandom(300_000))
    run("snapshot", "create", "--name", "v1").checked()
    assert "no damage" in run("snapshot", "check").checked().err
    assert "no damage" in run("snapshot", "check", "v1").checked().err
    (pack,) = (outrig_home / "outrig/data/store/packs").glob("*/*")
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(data)
    for words in (("snapshot", "check"), ("snapshot", "check", "v1")):
        result = run(*words)
        assert result.exit_code == 7
        assert "weights.bin" in result.out
    restored = run("snapshot", "restore", "v1", "../back")
    assert restored.exit_code == 7
    assert "weights.bin" in restored.err
    assert not (demo.parent / "back").exists()


def test_prune_wants_a_yes_without_a_terminal(run: CommandLine, demo: Path) -> None:
    run("snapshot", "create", "--name", "v1").checked()
    assert run("snapshot", "prune").exit_code == 2
    assert run("snapshot", "prune", "--yes").checked().out == "deleted 0 packs, 0 B\n"


def test_dry_run_lists_and_makes_nothing(run: CommandLine, demo: Path) -> None:
    os.mkfifo(demo / "queue")
    result = run("snapshot", "create", "--dry-run").checked()
    assert result.lines == [
        "Input files:",
        "  .gitignore",
        "  outrig.yaml",
        "  train.py",
        "  data/a.csv",
        "Output files:",
        "  result.txt",
        "Missing output files:",
        "  missing.bin",
    ]
    assert "5 files" in result.err
    assert "not in the snapshot: queue (fifo)" in result.err
    assert run("snapshot", "list").err == "no snapshots\n"


def test_all_files_takes_everything_but_outrig(run: CommandLine, demo: Path) -> None:
    run("snapshot", "create", "--name", "all", "--all-files").checked()
    paths = run("snapshot", "ls", "all", "-r", "--output", "plain", "--format", "path").lines
    assert "noise.log" in paths
    assert not [path for path in paths if path.startswith(".outrig")]


def test_git_state_is_recorded(run: CommandLine, demo: Path) -> None:
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
        run.program("git", *words, cwd=demo).checked()
    run("snapshot", "create", "--name", "clean").checked()
    (demo / "train.py").write_text("changed")
    run("snapshot", "create", "--name", "dirty").checked()
    commit = run.program("git", "rev-parse", "HEAD", cwd=demo).out[:12]
    records = run("snapshot", "list", "--output", "json").records()
    assert [one["git"] for one in records] == [f"{commit} (main, with changes)", f"{commit} (main)"]


def test_nothing_a_repository_configures_is_executed(run: CommandLine, demo: Path) -> None:
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        run.program("git", *words, cwd=demo).checked()
    touch = f"touch {demo.parent}/executed; cat"
    configuration = {
        "core.fsmonitor": touch,
        "filter.evil.clean": touch,
        "filter.evil.process": touch,
        "filter.evil.required": "true",
        "core.hooksPath": str(demo / "hooks"),
    }
    for key, value in configuration.items():
        run.program("git", "config", key, value, cwd=demo).checked()
    (demo / ".gitattributes").write_text("* filter=evil\n")
    (demo / "train.py").write_text("changed!\n")
    run("snapshot", "create", "--name", "v1").checked()
    shown = run("snapshot", "show", "v1").checked().out
    assert "with changes" in shown
    assert not (demo.parent / "executed").exists()


def test_names_that_a_terminal_would_obey_are_shown_harmless(run: CommandLine, demo: Path) -> None:
    os.mkfifo(demo / "\x1b[31mred")
    (demo / "\x1b[2Jclear").write_text("x")
    refused = run("snapshot", "create", "--name", "v\x1b[1m1")
    assert refused.exit_code == 2
    assert "\x1b" not in refused.err
    created = run("snapshot", "create", "--name", "v1").checked()
    listed = run("snapshot", "ls", "v1").checked()
    for text in (created.out, created.err, listed.out, run("snapshot", "list").out):
        assert "\x1b" not in text


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (("show", "nope"), 4, "No snapshots found with name nope"),
        (("cat", "v1", "nope"), 4, '"nope" is not in snapshot v1'),
        (("cat", "v1", "data"), 2, '"data" is a directory, not a file'),
        (("ls", "v1", "nope"), 4, '"nope" is not in snapshot v1'),
        (("restore", "v1", "train.py"), 2, "is not a directory"),
        (("create", "--name"), 2, "--name"),
    ],
)
def test_errors_are_one_line_with_their_exit_code(
    run: CommandLine, demo: Path, words: tuple[str, ...], exit_code: int, said: str
) -> None:
    run("snapshot", "create", "--name", "v1").checked()
    result = run("snapshot", *words)
    assert result.exit_code == exit_code
    assert said in result.err
    assert result.err.count("outrig: error:") == 1


def test_two_creates_at_once_with_one_name(run: CommandLine, demo: Path) -> None:
    started = [run.start("snapshot", "create", "--name", "same") for _ in range(2)]
    ended = [one.wait() for one in started]
    assert [one.exit_code for one in ended] == [0, 0]
    listed = run("snapshot", "list", "--output", "plain", "--format", "name")
    assert listed.lines == ["same", "same"]
    run("snapshot", "check").checked()
