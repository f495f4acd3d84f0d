from __future__ import annotations

import importlib.metadata
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker, ProjectMaker
    from outrig.testing.steady import Clock, Ids


def test_home_is_below_the_tests_directory(outrig_home: Path, tmp_path: Path) -> None:
    assert Path.home() == outrig_home
    for name in ("OUTRIG_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        assert Path(os.environ[name]).is_relative_to(tmp_path)


def test_project_writes_text_bytes_and_yaml(project: ProjectMaker, run: CommandLine) -> None:
    root = project({"outrig.yaml": {"name": "é"}, "bin/go": "#!/bin/sh\n", "data": b"\0\1"})
    assert yaml.safe_load((root / "outrig.yaml").read_text()) == {"name": "é"}
    assert os.access(root / "bin/go", os.X_OK)
    assert (root / "data").read_bytes() == b"\0\1"
    assert run.directory == root


def test_program_tells_exit_code_outputs_and_input(run: CommandLine) -> None:
    result = run.program("sh", "-c", "cat; echo oops >&2; exit 7", input="héllo\n")
    assert (result.exit_code, result.out, result.err) == (7, "héllo\n", "oops\n")
    assert run.program("sh", "-c", "kill -TERM $$").exit_code == 143


def test_program_sees_changed_variables(run: CommandLine) -> None:
    result = run.program(
        "sh", "-c", "echo ${ONE-unset} ${HOME-unset}", env={"ONE": "1", "HOME": None}
    )
    assert result.out == "1 unset\n"


def test_a_distribution_is_found_by_its_entry_points(
    plugins: PluginMaker, run: CommandLine
) -> None:
    plugins(
        "acme-rig",
        entry_points={"outrig.providers": {"acme": "acme_rig:Acme"}},
        files={"acme_rig.py": "class Acme: ...\n"},
    )
    (found,) = [
        one
        for one in importlib.metadata.entry_points(group="outrig.providers")
        if one.name == "acme"
    ]
    assert found.dist is not None
    assert (found.dist.name, found.dist.version) == ("acme-rig", "1.0")
    assert found.load().__name__ == "Acme"
    code = "import acme_rig; print(acme_rig.__file__)"
    assert str(plugins.site) in run.program("python3", "-c", code).out


def test_clock_and_ids_are_steady(clock: Clock, ids: Ids) -> None:
    clock.sleep(60)
    assert clock.now() == datetime(2020, 9, 13, 12, 27, 40, tzinfo=UTC)
    assert [ids(), ids()] == ["0" * 25 + "1", "0" * 25 + "2"]
