"""Every line of daft-launcher's guide, as printed there, through an installed launcher.

Without a cluster each ends where it needs one: what they do on one is in `test_living_daft`.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from outrig_daft.files.daft_file import load_daft_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.result import Result

    Type = Callable[[str], Result]


@pytest.fixture
def type_line(run: CommandLine, tmp_path: Path, away_from_home: Path) -> Type:
    """Type a line into a shell in which the launcher is found."""
    run.directory = tmp_path / "work"
    run.directory.mkdir()
    run("shim", "install", "daft", "--dir", str(tmp_path / "shims")).checked()
    variables = {
        "PATH": f"{tmp_path / 'shims'}{os.pathsep}{os.defpath}",  # without a real daft
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }
    return lambda line: run.program("sh", "-c", line, env=variables)


def test_files_are_written_as_the_guide_says(type_line: Type, run: CommandLine) -> None:
    made = type_line("daft init-config").checked()
    assert made.err.startswith("Successfully created a new configuration file: .daft.toml\n")
    type_line("daft init-config my-custom-config.toml").checked()
    type_line("daft init-config new-cluster.toml").checked()
    names = [load_daft_file(one).name for one in sorted(run.directory.glob("*.toml"))]
    assert names == ["daft", "my-custom-config", "new-cluster"]
    again = type_line("daft init-config")
    assert (again.exit_code, "there is a file .daft.toml already" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("daft down", 4),
        ("daft down -c my-custom-config.toml", 4),
        ("daft submit -i my-keypair.pem -w my-working-director", 125),
        ("daft submit -c my-custom-config.toml -i my-keypair.pem -w my-working-director", 125),
        ("daft dashboard -i my-keypair.pem", 4),
        ("daft dashboard -c my-custom-config.toml -i my-keypair.pem", 4),
    ],
)
def test_lines_that_need_a_cluster_say_so(
    type_line: Type, run: CommandLine, line: str, code: int
) -> None:
    (run.directory / "my-working-director").mkdir()
    (run.directory / "my-working-director/main.py").touch()
    for name in (".daft.toml", "my-custom-config.toml"):
        (run.directory / name).write_text(f'[setup]\nname = "{name[1:3]}"\nprovider = "local"\n')
    done = type_line(line)
    name = "y-" if "-c" in line else "da"
    said = f'outrig: error: cluster "{name}" is not running\noutrig: hint: see: outrig daft up\n'
    assert (done.exit_code, done.err) == (code, said)


def test_a_list_of_nothing_says_so(type_line: Type) -> None:
    done = type_line("daft list").checked()
    assert (done.out, done.err) == ("", "no clusters; start one: outrig daft up\n")


def test_later_words_lead_to_the_same_commands(type_line: Type) -> None:
    for line, said in (
        ("daft config init other.toml", "Successfully created"),
        ("daft init third.toml --provider provisioned", "Successfully created"),
    ):
        assert said in type_line(line).checked().err
    checked = type_line("daft config check other.toml").checked()
    assert checked.out == "other.toml is valid: other, a head and 2 workers on aws us-west-2\n"
    assert type_line("daft check -c other.toml").checked().out == checked.out
    exported = type_line("daft config export other.toml").checked().out
    assert exported == type_line("daft export -c other.toml").checked().out
    assert exported.startswith("cluster_name: other\nprovider:\n  type: aws\n")
    for line in ("provisioned up", "provisioned kill", "provisioned connect", "job sql"):
        assert "Usage: daft" in type_line(f"daft {line} --help").checked().out
    assert re.match(r"\S*outrig \d", type_line("daft --version").checked().out)


def test_up_without_credentials_says_what_is_missing(type_line: Type) -> None:
    type_line("daft init-config").checked()
    done = type_line("daft up")
    assert done.exit_code == 5, done.err
    assert len(done.err.splitlines()) < 8


def test_words_of_the_librarys_own_dashboard_are_told_where_they_belong(type_line: Type) -> None:
    done = type_line("daft dashboard start")
    said = "outrig: hint: OUTRIG_SHIMS=off daft dashboard start\n"
    assert (done.exit_code, done.err.endswith(said)) == (2, True)
