"""Names of images: what they stand for, what takes their place, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.errors import ConflictError, NotFoundError, UsageError
from outrig_backendai.directory.agents import Agent
from outrig_backendai.directory.database import Directory
from outrig_backendai.directory.images import CONTAINER, INTERPRETER, Image
from outrig_backendai.place import scanning
from outrig_backendai.place.images import images_of, resolve
from outrig_backendai.place.runtimes import (
    check_image,
    known_images,
    rescan,
    runtime_of,
    scan_script,
    scanned,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.testing.command_line import CommandLine

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def python(version: str) -> Image:
    return Image(
        agent="i-one",
        registry="local",
        name="python",
        tag=version,
        kind=INTERPRETER,
        program=f"/py/{version}",
    )


def container(registry: str, name: str, tag: str) -> Image:
    return Image(
        agent="i-one", registry=registry, name=name, tag=tag, kind=CONTAINER, program="/bin/podman"
    )


PYTHONS = [python("3.6"), python("3.9"), python("3.10"), python("3.11")]
CONTAINERS = [
    container("docker.io", "library/python", "3.12"),
    container("docker.io", "lablup/python", "3.8-ubuntu20.04"),
    container("localhost", "mine", "latest"),
    container("registry.example.com:5000", "team/r-base", "4.0"),
]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    with Directory(str(tmp_path)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "interpreter", "notice"),
    [
        ("python:3.11", "/py/3.11", ""),
        ("python:3.6-ubuntu18.04", "/py/3.6", ""),
        ("lablup/python:3.6-ubuntu18.04", "/py/3.6", ""),
        ("cr.example.com/stable/python:3.9-ubuntu20.04", "/py/3.9", "without the packages"),
        ("python", "/py/3.11", ""),
        ("python:latest", "/py/3.11", ""),
        ("python:3", "/py/3.11", ""),
        ("python:3.10.4-slim", "/py/3.10", ""),
        ("python:3.1", "/py/3.11", "Python 3.11 takes its place"),
        ("python:3.12-rc", "/py/3.11", "image python:3.12-rc is not here: Python 3.11 takes"),
        ("python:2.7", "/py/3.11", "image python:2.7 is not here"),
        ("python-tensorflow:1.12-py36", "/py/3.6", "without the packages of python-tensorflow"),
        ("stable/ngc-pytorch:23.01-py39", "/py/3.9", "without the packages of ngc-pytorch"),
        ("python-tensorflow:1.12", "/py/3.11", "without the packages"),
        ("lablup/python:weird", "/py/3.11", ""),
    ],
)
def test_a_name_of_python_takes_the_interpreter_of_its_version(
    text: str, interpreter: str, notice: str
) -> None:
    found = resolve(text, PYTHONS)
    assert (found.interpreter, found.image) == (interpreter, "")
    assert notice in found.notice
    assert bool(found.notice) == bool(notice)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("python:3.12", "docker.io/library/python:3.12"),
        ("lablup/python:3.8-ubuntu20.04", "docker.io/lablup/python:3.8-ubuntu20.04"),
        ("mine", "localhost/mine:latest"),
        ("localhost/mine:latest", "localhost/mine:latest"),
        ("registry.example.com:5000/team/r-base:4.0", "registry.example.com:5000/team/r-base:4.0"),
    ],
)
def test_the_engines_own_image_comes_first(text: str, reference: str) -> None:
    found = resolve(text, [*PYTHONS, *CONTAINERS], strict=True)
    assert (found.image, found.engine, found.interpreter) == (reference, "/bin/podman", "")
    assert found.notice == ""


@pytest.mark.parametrize("text", ["python:3.11", "lablup/python:3.6-ubuntu18.04", "python"])
def test_the_exact_version_is_strict_enough(text: str) -> None:
    assert resolve(text, PYTHONS, strict=True).interpreter


@pytest.mark.parametrize("text", ["python:3.12", "python-tensorflow:1.12-py36", "python:2.7"])
def test_strictly_nothing_takes_the_place_of_an_image(text: str) -> None:
    with pytest.raises(NotFoundError, match=r"there are: python:3\.6, python:3\.9") as caught:
        resolve(text, PYTHONS, strict=True)
    assert text in str(caught.value)
    assert "rescan-images" in str(caught.value.hint)


def test_a_language_that_is_not_there_is_refused_with_what_there_is() -> None:
    with pytest.raises(NotFoundError, match=r'no image "r-base:4\.0"'):
        resolve("r-base:4.0", PYTHONS)
    with pytest.raises(NotFoundError, match="there are: none"):
        resolve("python:3.11", [])


@pytest.mark.parametrize("text", ["", " ", "-v", "a b", "x;rm", "$(x)", "ü", "a\nb", "a" * 300])
def test_what_can_be_no_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of an image"):
        resolve(text, PYTHONS)


def test_other_names_lead_to_images_and_never_in_circles(directory: Directory) -> None:
    images = directory.images
    images.add_alias("py", "mine")
    images.add_alias("mine", "python:3.9")
    assert images.named("py") == "python:3.9"
    assert runtime_of(directory, "py", PYTHONS, strict=True).interpreter == "/py/3.9"
    with pytest.raises(ConflictError, match="leads to no image"):
        images.add_alias("python:3.9", "py")
    assert images.aliases() == {"py": "mine", "mine": "python:3.9"}
    assert images.remove_alias("py") == "mine"
    with pytest.raises(NotFoundError, match='no image alias "py"'):
        images.remove_alias("py")
    with pytest.raises(UsageError):
        images.add_alias("x y", "python")


def test_what_an_agent_has_is_recorded_anew_by_each_look(directory: Directory) -> None:
    directory.images.put("i-one", [python("3.6"), python("3.9")])
    directory.images.put("i-two", [python("3.6")])
    directory.images.put("i-one", [python("3.10")])
    assert [one.tag for one in directory.images.all(["i-one"])] == ["3.10"]
    assert len(directory.images.all()) == 2
    directory.images.forget("i-one")
    assert not directory.images.is_known("i-one")


def test_this_computer_is_looked_at_once_and_when_asked(directory: Directory) -> None:
    found, others = rescan(directory)
    assert HERE in {one.tag for one in found if one.kind == INTERPRETER}
    assert others == []
    agent = directory.agents.all()[0]
    assert {one.tag for one in known_images(directory, agent) or ()} == {one.tag for one in found}


def test_an_interpreter_that_is_gone_makes_us_look_again(
    directory: Directory, tmp_path: Path
) -> None:
    rescan(directory)
    agent = directory.agents.all()[0]
    directory.images.put(agent.id, [python("3.5")])
    assert "3.5" not in {one.tag for one in known_images(directory, agent) or ()}


def test_agents_that_were_not_asked_yet_may_have_any_image(directory: Directory) -> None:
    host = Agent(id="i-host", scaling_group="default", provider="ssh")
    pool = Agent(id="i-pool", scaling_group="default", provider="aws", is_pool=True)
    assert known_images(directory, host) is None
    assert check_image(directory, "nobody-knows:1", [host], strict=True) == ""
    directory.images.put("i-host", PYTHONS)
    with pytest.raises(NotFoundError):
        check_image(directory, "nobody-knows:1", [host], strict=False)
    assert check_image(directory, "nobody-knows:1", [host, pool], strict=False) == ""
    assert "takes its place" in check_image(directory, "python:2.7", [host], strict=False)


def test_a_node_tells_by_a_script_what_it_has(directory: Directory) -> None:
    asked = subprocess.run(
        ["sh", "-c", scan_script()],
        env={"PATH": os.environ["PATH"], "OUTRIG_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=True,
    )
    host = Agent(id="i-host", scaling_group="default", provider="ssh")
    told = scanned(directory, host, asked.stdout)
    assert HERE in {one.tag for one in told}
    assert directory.images.all(["i-host"]) != []
    assert scanned(directory, host, "not json") == []
    assert scanned(directory, host, "[1]") == []


def test_what_a_node_tells_is_only_data(directory: Directory) -> None:
    odd = {"pythons": ["x"], "images": [["a"], 7, ["quay.example.com/x/y:1", "id", "5 MB"]]}
    (found,) = images_of("i-host", json.loads(json.dumps(odd)))
    assert (found.registry, found.name, found.tag) == ("quay.example.com", "x/y", "1")


def test_only_real_interpreters_count(tmp_path: Path) -> None:
    tmp_path.joinpath("python3.99").write_text("#!/bin/sh\n")
    tmp_path.joinpath("python3.99").chmod(0o755)
    assert "3.99" not in scanning.pythons(str(tmp_path))
    tmp_path.joinpath("python3.98").symlink_to(Path(sys.executable).resolve())
    assert scanning.pythons(str(tmp_path))["3.98"] == str(tmp_path / "python3.98")


def test_an_engine_that_does_not_answer_has_no_images(tmp_path: Path) -> None:
    broken = tmp_path / "docker"
    broken.write_text("#!/bin/sh\necho down >&2; exit 1\n")
    broken.chmod(0o755)
    assert scanning.engine_images(str(broken)) is None
    assert scanning.scan(str(tmp_path))["engine"] == ""


def test_sessions_say_what_takes_an_images_place_and_strict_ones_refuse(
    bai: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bai("start", "-t", "odd-one", "python-keras:2.2-py999")
    assert made.exit_code == 0, made.err
    assert "image python-keras:2.2-py999 is not here: Python 3." in made.err
    assert "is created and ready" in made.out
    refused = bai("start", "--strict-image", "python:3.2")
    assert (refused.exit_code, refused.out) == (4, "")
    assert 'there is no image "python:3.2" (there are: ' in refused.err
    monkeypatch.setenv("OUTRIG_STRICT_IMAGES", "true")
    assert bai("start", "python:3.2").exit_code == 4
