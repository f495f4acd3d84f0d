"""The shell text of a run, its languages and the files it sends."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from outrig.errors import NotFoundError, UsageError
from outrig_backendai.execution.languages import PYTHON, language_of, main_file
from outrig_backendai.execution.sources import sources
from outrig_backendai.execution.steps import CODE_BYTES, Steps, needs_file

if TYPE_CHECKING:
    from pathlib import Path

SHELL = language_of("bash")


def run(script: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", script], cwd=directory, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("image", "language"),
    [
        ("python", "python"),
        ("python:3.6-ubuntu18.04", "python"),
        ("lablup/python:3.6-ubuntu18.04", "python"),
        ("cr.backend.ai/stable/python-tensorflow:1.12-py36", "python"),
        ("stable/ngc-pytorch:24.01", "python"),
        ("python@sha256:00", "python"),
        ("r-base:4", "r"),
        ("node:20", "nodejs"),
        ("gcc:13", "c"),
        ("cpp", "cpp"),
        ("bash", "bash"),
        ("something-else", "bash"),
    ],
)
def test_an_image_has_the_language_its_name_says(image: str, language: str) -> None:
    assert language_of(image).name == language


def test_steps_run_in_order_and_share_the_directory(tmp_path: Path) -> None:
    steps = Steps(
        paths=("main.sh",), clean="rm -f made", build="echo built > made", exec="cat made; exit 3"
    )
    (tmp_path / "made").write_text("old")

    ended = run(steps.script(SHELL), tmp_path)

    assert (ended.returncode, ended.stdout) == (3, "built\n")


def test_a_step_that_fails_ends_the_run_with_its_code(tmp_path: Path) -> None:
    steps = Steps(paths=("main.sh",), build="echo no >&2; exit 7 # ' \"", exec="echo never")

    ended = run(steps.script(SHELL), tmp_path)

    assert (ended.returncode, ended.stdout, ended.stderr) == (7, "", "no\n")


def test_without_a_command_the_main_file_runs(tmp_path: Path) -> None:
    (tmp_path / "main.sh").write_text('echo "main $A"')

    steps = Steps(paths=("other.sh", "main.sh"), environ={"A": "it's $HOME"})
    ended = run(steps.script(SHELL), tmp_path)

    assert ended.stdout == "main it's $HOME\n"


@pytest.mark.parametrize(
    ("paths", "chosen"),
    [
        (("a.py", "main.py"), "main.py"),
        (("a.py", "b.py"), "a.py"),
        (("main.txt", "src/main.py"), "src/main.py"),
        (("a.txt", "main.txt"), "main.txt"),
    ],
)
def test_the_main_file_is_main_or_the_first(paths: tuple[str, ...], chosen: str) -> None:
    assert main_file(PYTHON, paths) == chosen


def test_code_is_one_word_whatever_is_in_it(tmp_path: Path) -> None:
    code = "printf '%s\\n' \"it's\" '$HOME' \"$(printf 'ü')\"\nexit 5"

    ended = run(Steps(code=code).script(SHELL), tmp_path)

    assert (ended.returncode, ended.stdout) == (5, "it's\n$HOME\nü\n")


def test_compiled_languages_are_built_and_their_program_runs() -> None:
    script = Steps(paths=("a.c", "util.h")).script(language_of("gcc:13"))

    assert "gcc -O2 -o main a.c'" in script
    assert script.endswith("exec sh -c 'exec ./main'\n")


def test_the_star_stands_for_what_the_language_has() -> None:
    script = Steps(paths=("a.py",), clean="*", build="*", exec="*").script(PYTHON)

    assert script.splitlines()[1:] == ["exec sh -c 'exec python a.py'"]


def test_long_code_and_code_of_some_languages_needs_a_file() -> None:
    assert not needs_file("print(1)", PYTHON)
    assert needs_file("#" * (CODE_BYTES + 1), PYTHON)
    assert needs_file("int main(){}", language_of("c"))


def test_files_keep_their_path_below_the_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src" / "deep").mkdir(parents=True)
    for name in ("main.py", "src/a b.py", "src/deep/ü.py"):
        (tmp_path / name).write_text("")

    found = sources(["./main.py", "src"], None)
    below = sources([str(tmp_path / "src" / "a b.py")], "src")

    assert [one.inside for one in found] == ["main.py", "src/a b.py", "src/deep/ü.py"]
    assert [one.inside for one in below] == ["a b.py"]


def test_files_outside_the_base_or_absent_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "out.py").write_text("")
    (tmp_path / "base" / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "base")

    with pytest.raises(UsageError, match=r"\.\./out\.py is not below .*base") as caught:
        sources(["../out.py"], None)
    assert caught.value.hint is not None
    assert "--basedir" in caught.value.hint
    with pytest.raises(NotFoundError, match=r"gone\.py does not exist"):
        sources(["gone.py"], None)
    with pytest.raises(UsageError, match="empty holds no files"):
        sources(["empty"], None)
    with pytest.raises(NotFoundError, match="--basedir nowhere is not a directory"):
        sources(["x"], "nowhere")
