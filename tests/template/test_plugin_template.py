"""`outrig plugin new`: each kind is rendered, installed, listed, used and tested."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.errors import NotFoundError
from outrig.manifest import Manifest
from outrig.plugins import template
from outrig.plugins.template import KINDS, new_plugin, write_plugin

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine

ROOT = Path(__file__).resolve().parents[2]
LINES = {"provider": 150, "store": 100, "commands": 100, "extension": 100}
SHARED = (".gitignore", ".github/workflows/tests.yml", "tests/conftest.py")
ADDS = {
    "provider": "nodes for projects with provider: brick",
    "store": "snapshot stores at brick:…",
    "commands": "brick: deploy",
    "extension": "is heard by every operation that changes something",
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_is_installed_listed_and_passes_its_tests(
    kind: str, run: CommandLine, in_environment: Path
) -> None:
    outrig, pip, python = (str(in_environment / name) for name in ("outrig", "pip", "python"))
    made = run.program(outrig, "plugin", "new", "brick-yard", "--kind", kind).checked()
    project = run.directory / made.out.strip()
    run.program(pip, "install", "--quiet", "--editable", str(project)).checked()
    try:
        listed = run.program(outrig, "plugin", "list", "--output", "json").checked().json()
        assert isinstance(listed, list)
        (row,) = [one for one in listed if one["distribution"] == "brick-yard"]
        assert (row["name"], row["kind"], row["version"]) == ("brick", kind, "0.1.0")
        assert row["adds"] == ADDS[kind]
        tested = run.program(
            python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project, timeout_s=250
        )
        assert tested.exit_code == 0, tested.out
    finally:
        run.program(pip, "uninstall", "--quiet", "--yes", "brick-yard").checked()
    assert "brick" not in run.program(outrig, "plugin", "list").checked().out


@pytest.mark.parametrize("kind", KINDS)
def test_no_sample_name_is_left(kind: str, tmp_path: Path) -> None:
    new = new_plugin("Brick.Yard-2", kind, "red-brick", Manifest([], []))
    files = write_plugin(new, tmp_path / "new")
    assert Path("src/brick_yard_2/__init__.py") in files
    for path in files:
        text = (tmp_path / "new" / path).read_text()
        assert not re.search("acme", f"{path}{text}", re.I), path
        if path.suffix == ".py":
            compile(text, str(path), "exec")
    project = (tmp_path / "new/pyproject.toml").read_text()
    assert 'name = "Brick.Yard-2"' in project
    assert "red-brick" in project


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_is_short(kind: str) -> None:
    sources = list((ROOT / "plugin-template" / kind / "src").rglob("*.py"))
    assert sum(len(path.read_text().splitlines()) for path in sources) < LINES[kind]


@pytest.mark.parametrize("name", SHARED)
def test_what_all_kinds_have_is_the_same(name: str) -> None:
    texts = {(ROOT / "plugin-template" / kind / name).read_text() for kind in KINDS}
    assert len(texts) == 1


def test_the_default_name_is_the_first_word(run: CommandLine) -> None:
    for distribution, name in (("outrig-brick", "brick"), ("brick", "brick"), ("b2-x", "b2")):
        made = run("plugin", "new", distribution, "--kind", "store").checked()
        assert made.err.startswith(f'made the store "{name}": ')


MISTAKES = [
    (("a b",), 2, "'a b' is no name of a distribution"),
    (("../up",), 2, "'../up' is no name of a distribution"),
    (("json",), 2, "'json' cannot be the name of a Python package"),
    (("3d",), 2, "'3d' cannot be the name of a Python package"),
    (("class",), 2, "'class' cannot be the name of a Python package"),
    (("brick", "--name", "A b"), 2, "'A b' is no name of a plugin"),
    (("brick", "--kind", "nonsense"), 2, "--kind: 'nonsense' is not one of"),
    (("brick", "--name", "local"), 2, "has the provider name 'local' already"),
    (("outrig-file", "--kind", "store"), 2, "has the store name 'file' already"),
]


@pytest.mark.parametrize(("words", "code", "text"), MISTAKES, ids=lambda one: str(one)[:30])
def test_a_mistake_is_one_line_and_writes_nothing(
    words: tuple[str, ...], code: int, text: str, run: CommandLine
) -> None:
    done = run("plugin", "new", *words)
    assert (done.exit_code, done.out) == (code, "")
    assert text in done.err.splitlines()[0]
    assert list(run.directory.iterdir()) == []


def test_what_is_there_stays_as_it_is(run: CommandLine) -> None:
    place = run.directory / "brick yard's"
    place.mkdir()
    (place / "README.md").write_text("mine\n")
    done = run("plugin", "new", "brick", "--directory", str(place))
    assert done.exit_code == 2
    assert "README.md is there already" in done.err
    assert [one.name for one in place.iterdir()] == ["README.md"]
    (place / "README.md").unlink()
    run("plugin", "new", "brick", "--directory", str(place)).checked()
    assert (place / "src/brick/provider.py").is_file()


def test_an_installation_without_templates_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template, "__file__", str(tmp_path / "a/b/c/template.py"))
    with pytest.raises(NotFoundError, match="templates of plugins are not in"):
        template.template_directory()


def test_copier_asks_and_lets_outrig_do_the_work(run: CommandLine) -> None:
    import yaml

    told = yaml.safe_load((ROOT / "plugin-template/copier.yml").read_text())
    assert tuple(told["kind"]["choices"]) == KINDS
    assert told["_exclude"] == ["*"]
    ((*words,),) = told["_tasks"]
    answers = {"{{ name }}": "brick-yard", "{{ kind }}": "store"}
    (run.directory / "new").mkdir()
    run(*(answers.get(word, word) for word in words[1:]), cwd=run.directory / "new").checked()
    assert (run.directory / "new/src/brick_yard/store.py").is_file()


@pytest.mark.timeout(300)
def test_the_wheel_holds_the_templates(run: CommandLine, tmp_path: Path) -> None:
    """Built from the source distribution, as an index would be given it."""
    build = "import hatchling.build as b, sys; print(getattr(b, sys.argv[1])(sys.argv[2]))"
    made = run.program(
        sys.executable, "-c", build, "build_sdist", str(tmp_path), cwd=ROOT
    ).checked()
    import tarfile
    import zipfile

    with tarfile.open(tmp_path / made.out.split()[-1]) as archive:
        archive.extractall(tmp_path / "sources")  # Python 3.11.2 has no filters, and it is ours
    (sources,) = (tmp_path / "sources").iterdir()
    made = run.program(
        sys.executable, "-c", build, "build_wheel", str(tmp_path), cwd=sources
    ).checked()
    with zipfile.ZipFile(tmp_path / made.out.split()[-1]) as wheel:
        wheel.extractall(tmp_path / "site")
    code = (
        "import json, outrig; from outrig.plugins.template import *; from pathlib import Path\n"
        "print(json.dumps([outrig.__file__, *(len(write_plugin(NewPlugin(distribution='b', "
        "kind=kind, name='b'), Path(kind))) for kind in KINDS)]))"
    )
    environment = {"PYTHONPATH": str(tmp_path / "site")}
    told = run.program(sys.executable, "-c", code, env=environment).checked()
    where, *counts = json.loads(told.out)
    assert where.startswith(str(tmp_path / "site"))
    assert min(counts) >= 8
