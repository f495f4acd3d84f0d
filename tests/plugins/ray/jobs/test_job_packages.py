"""Directories as packages for Ray, and environments with what is local in them."""

from __future__ import annotations

import os
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from outrig.api import Outrig
from outrig.errors import UsageError
from outrig.testing.directories import write_files
from outrig_ray.jobs.address import Address
from outrig_ray.jobs.client import Jobs
from outrig_ray.jobs.package import upload_directory
from outrig_ray.jobs.runtime_env import read_runtime_env, uploaded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Shelf(Jobs):
    """A cluster that only takes packages."""

    def __init__(self) -> None:
        super().__init__(Address(url="http://127.0.0.1:1"))
        self.packages: dict[str, bytes] = {}

    def has_package(self, name: str) -> bool:
        """Tell whether it has a package."""
        return name in self.packages

    def put_package(self, name: str, data: bytes) -> None:
        """Take a package."""
        self.packages[name] = data

    def files(self, uri: str) -> dict[str, bytes]:
        """Return what is in a package, by name."""
        with zipfile.ZipFile(BytesIO(self.packages[uri.removeprefix("gcs://")])) as archive:
            return {one: archive.read(one) for one in archive.namelist()}


@pytest.fixture
def outrig() -> Iterator[Outrig]:
    """An engine."""
    with Outrig() as made:
        yield made


def test_a_package_holds_what_the_rules_leave(outrig: Outrig, tmp_path: Path) -> None:
    directory = write_files(
        tmp_path / "work",
        {
            "a.py": "one",
            "d/b c.py": "two",
            "out.log": "no",
            ".git/config": "no",
            ".rayignore": "*.log\n",
            "d/skipped": "no",
        },
    )
    (directory / "link").symlink_to("d/b c.py")
    (directory / "linked").symlink_to("d")
    (directory / "outside").symlink_to("/etc/hostname")
    (directory / "above").symlink_to("../../x")
    (directory / "loop").symlink_to("loop")
    shelf = Shelf()
    packed = upload_directory(outrig, shelf, directory, exclude=["skipped"])
    assert shelf.files(packed.uri) == {
        ".rayignore": b"*.log\n",
        "a.py": b"one",
        "d/b c.py": b"two",
        "link": b"two",
        "linked/b c.py": b"two",
    }
    assert packed.sent_bytes == len(shelf.packages[packed.uri.removeprefix("gcs://")])
    os.utime(directory / "a.py", (1, 1))
    again = upload_directory(outrig, shelf, directory, exclude=["skipped"])
    assert (again.uri, again.sent_bytes) == (packed.uri, 0)
    (directory / "a.py").write_text("changed")
    assert upload_directory(outrig, shelf, directory).uri != packed.uri


def test_an_empty_directory_is_a_package(outrig: Outrig, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    shelf = Shelf()
    packed = upload_directory(outrig, shelf, tmp_path / "nothing")
    assert list(shelf.files(packed.uri)) == [".empty"]


def test_what_no_dashboard_takes_is_said_before_it_is_sent(outrig: Outrig, tmp_path: Path) -> None:
    directory = write_files(tmp_path / "big", {"small": "x"})
    (directory / "weights").write_bytes(os.urandom(101 << 20))
    shelf = Shelf()
    with pytest.raises(UsageError, match="is 101 MiB packed; a Ray dashboard takes 100") as caught:
        upload_directory(outrig, shelf, directory)
    assert "weights (101 MiB)" in str(caught.value.hint)
    assert shelf.packages == {}


def test_a_name_that_ray_cannot_take_is_said(outrig: Outrig, tmp_path: Path) -> None:
    directory = tmp_path / "odd"
    directory.mkdir()
    (directory / "x\udcff").touch()
    with pytest.raises(UsageError, match="only names that are UTF-8"):
        upload_directory(outrig, Shelf(), directory)


def test_an_environment_has_its_files_read_and_directories_uploaded(
    outrig: Outrig, tmp_path: Path
) -> None:
    write_files(
        tmp_path,
        {
            "env.yaml": {"pip": "needs.txt", "conda": "c.yml", "py_modules": [f"{tmp_path}/mod"]},
            "needs.txt": "# why\nnumpy\n\n torch==2\n",
            "c.yml": {"dependencies": ["python"]},
            "mod/__init__.py": "",
            "work/x": "1",
        },
    )
    shelf, notes = Shelf(), list[str]()
    read = read_runtime_env(str(tmp_path / "env.yaml"), None, str(tmp_path / "work"))
    assert read["pip"] == ["numpy", "torch==2"]
    assert read["conda"] == {"dependencies": ["python"]}
    made = uploaded(outrig, shelf, read, notes.append)
    (module,) = made["py_modules"] if isinstance(made["py_modules"], list) else []
    assert list(shelf.files(str(module))) == ["mod/__init__.py"]
    assert shelf.files(str(made["working_dir"])) == {"x": b"1"}
    assert notes[0].endswith("work: 1 file, 0.0 MiB packed")
    uri = "s3://bucket/x.zip"
    assert uploaded(outrig, shelf, {"working_dir": uri}, notes.append) == {"working_dir": uri}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "is not a runtime environment"),
        ("{1: 2}", "is not a runtime environment"),
        ("{", "is not YAML"),
        ("pip: absent.txt", r"pip: .*absent\.txt cannot be read"),
    ],
)
def test_a_file_that_is_no_environment_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "env.yaml").write_text(text)
    with pytest.raises(UsageError, match=said):
        read_runtime_env(str(tmp_path / "env.yaml"), None, None)


@pytest.mark.parametrize("wrong", [{"excludes": "x"}, {"py_modules": [1]}, {"env_vars": {1, 2}}])
def test_an_environment_that_ray_cannot_read_is_said(
    outrig: Outrig, wrong: dict[str, object]
) -> None:
    with pytest.raises(UsageError, match="runtime environment"):
        uploaded(outrig, Shelf(), wrong, print)
