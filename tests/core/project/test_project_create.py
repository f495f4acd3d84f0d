from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml

from outrig.errors import ConfigError, ConflictError, NotFoundError, UsageError
from outrig.model.project import Compute, ProjectForm
from outrig.project.compute import resolve_compute
from outrig.project.create import (
    CreateForm,
    CreateRequest,
    create_project,
    register_project,
)
from outrig.project.identity import project_identity, root_identity, written_id
from outrig.project.parameters import bind
from outrig.project.rendering import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.model.project import Project

    Found = Callable[[], Project]


def test_a_new_project_is_valid_and_runs_on_this_computer(root: Path, found: Found) -> None:
    created = create_project(CreateRequest(root=root, name="mine"))
    assert sorted(created.files) == [
        ".outrig/id",
        "cluster.yaml",
        "outrig.yaml",
        "requirements.txt",
    ]
    project = found()
    assert (project.name, project.form, project.notices) == ("mine", ProjectForm.OUTRIG, ())
    assert resolve_compute(project) == Compute(provider="local")
    assert project_identity(project) == created.id
    (command,) = project.commands
    assert render(project, command, bind(command, {})) == 'echo "Hello, world"'


@pytest.mark.parametrize("form", [CreateForm.RAY, CreateForm.ANY])
def test_rays_form_is_valid_and_runs_on_this_computer(
    root: Path, found: Found, form: CreateForm
) -> None:
    created = create_project(CreateRequest(root=root, name="mine", form=form))
    assert sorted(path.name for path in (root / ".rayproject").iterdir()) == [
        "cluster.yaml",
        "project-id",
        "project.yaml",
        "requirements.txt",
    ]
    assert created.notes == ("Using default autoscaler yaml", "Using default requirements.txt")
    project = found()
    assert (project.name, project.form) == ("mine", ProjectForm.RAY_07)
    assert resolve_compute(project) == Compute(provider="local")
    assert project_identity(project) == created.id
    text = (root / ".rayproject/project.yaml").read_text()
    assert ("output_files" in text) is (form is CreateForm.ANY)
    assert list(root.iterdir()) == [root / ".rayproject"]


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "no",
        "1e3",
        "'",
        '"',
        "a: b",
        "#x",
        "{{x}}",
        "🚀",
        "new\nline",
        "\\",
        "x" * 300,
        "%s{}",
    ],
)
@pytest.mark.parametrize("form", list(CreateForm))
def test_any_name_is_kept_by_us_and_by_every_yaml_reader(
    root: Path, found: Found, name: str, form: CreateForm
) -> None:
    create_project(CreateRequest(root=root, name=name, form=form))
    project = found()
    assert project.name == name
    assert yaml.safe_load(project.file.read_text())["name"] == name


@pytest.mark.parametrize("name", ["", "  ", "\udcff"])
def test_a_name_must_be_text(root: Path, name: str) -> None:
    with pytest.raises(UsageError):
        create_project(CreateRequest(root=root, name=name))
    assert list(root.iterdir()) == []


def test_nothing_is_ever_overwritten(root: Path) -> None:
    (root / "requirements.txt").write_text("numpy\n")
    created = create_project(CreateRequest(root=root, name="x"))
    assert (root / "requirements.txt").read_text() == "numpy\n"
    assert created.notes == ("the requirements.txt that is here is used",)
    for form in CreateForm:
        with pytest.raises(ConflictError, match=r"^there is a project here already: outrig\.yaml$"):
            create_project(CreateRequest(root=root, name="y", form=form))


def test_a_foreign_cluster_file_is_not_taken_silently(root: Path) -> None:
    (root / "cluster.yaml").write_text("provider: {type: aws}\n")
    with pytest.raises(ConflictError, match=r"^cluster\.yaml exists already$") as caught:
        create_project(CreateRequest(root=root, name="x"))
    assert caught.value.hint == "use it: --cluster-yaml cluster.yaml"
    assert list(root.iterdir()) == [root / "cluster.yaml"]


def test_an_existing_directory_of_rays_is_left_alone(root: Path) -> None:
    (root / ".rayproject").mkdir()
    with pytest.raises(ConflictError, match=r'^"\.rayproject" exists already$'):
        create_project(CreateRequest(root=root, name="x", form=CreateForm.RAY))
    assert list(root.iterdir()) == [root / ".rayproject"]


@pytest.mark.parametrize("form", list(CreateForm))
def test_given_files_are_used_where_they_are(root: Path, found: Found, form: CreateForm) -> None:
    (root / "my cluster.yaml").write_text("provider: {type: aws}\n")
    (root / "reqs").mkdir()
    (root / "reqs/r.txt").write_text("numpy\n")
    create_project(
        CreateRequest(
            root=root,
            name="x",
            form=form,
            cluster_yaml="my cluster.yaml",
            requirements=str(root / "reqs/r.txt"),
        )
    )
    project = found()
    assert project.cluster is not None
    assert project.cluster.config == "my cluster.yaml"
    assert project.environment.requirements == "reqs/r.txt"
    assert not (root / "cluster.yaml").exists()
    assert resolve_compute(project).provider == "aws"


def test_given_files_must_exist_and_requirements_be_inside(root: Path) -> None:
    with pytest.raises(NotFoundError, match=r'^--cluster-yaml "no\.yaml": there is no such file$'):
        create_project(CreateRequest(root=root, name="x", cluster_yaml="no.yaml"))
    with pytest.raises(NotFoundError, match=r'^--requirements "no\.txt": there is no such file$'):
        create_project(CreateRequest(root=root, name="x", requirements="no.txt"))
    (root.parent / "r.txt").write_text("")
    with pytest.raises(UsageError, match=r"is outside the project$"):
        create_project(CreateRequest(root=root, name="x", requirements="../r.txt"))
    assert list(root.iterdir()) == []


def test_a_cluster_file_may_lie_outside(root: Path, found: Found) -> None:
    (root.parent / "c.yaml").write_text("provider: {type: gcp}\n")
    create_project(CreateRequest(root=root, name="x", cluster_yaml="../c.yaml"))
    assert resolve_compute(found()).provider == "gcp"


def test_the_repository_is_that_of_origin_without_credentials(root: Path, found: Found) -> None:
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    url = "https://user:secret@example.test/x.git"
    subprocess.run(["git", "-C", str(root), "remote", "add", "origin", url], check=True)
    create_project(CreateRequest(root=root, name="x"))
    assert found().repo == "https://example.test/x.git"
    assert "secret" not in (root / "outrig.yaml").read_text()


@pytest.mark.parametrize("form", list(CreateForm))
def test_of_two_creates_at_once_one_wins_and_the_result_is_whole(
    root: Path, found: Found, form: CreateForm
) -> None:
    def create(name: str) -> str | None:
        try:
            return create_project(CreateRequest(root=root, name=name, form=form)).id
        except ConflictError:
            return None

    with ThreadPoolExecutor(8) as pool:
        ids = [one for one in pool.map(create, [f"p{number}" for number in range(8)]) if one]
    assert len(ids) <= 1
    if ids:
        assert project_identity(found()) == ids[0]
    assert not [path for path in root.rglob("*") if "-new-" in path.name]


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^cannot create a project in .*: No such file"):
        create_project(CreateRequest(root=tmp_path / "gone", name="x"))


def test_an_existing_project_is_registered_once(root: Path, found: Found) -> None:
    with pytest.raises(NotFoundError, match=r"^no project file in "):
        register_project(root)
    (root / ".rayproject").mkdir()
    (root / "c.yaml").write_text("provider: {type: local}\n")
    (root / ".rayproject/project.yaml").write_text("name: x\ncluster: c.yaml\n")
    before = project_identity(found())
    assert before.startswith("path-")
    made = register_project(root)
    assert project_identity(found()) == made
    assert (root / ".rayproject/project-id").read_text() == made + "\n"
    with pytest.raises(ConflictError, match=r"^This project has already been registered$"):
        register_project(root)


def test_identity_without_an_id_is_the_real_path(root: Path, found: Found) -> None:
    (root / "outrig.yaml").write_text("name: x\n")
    project = found()
    (root.parent / "link").symlink_to(root)
    assert project_identity(project) == project_identity(found())
    other = root.parent / "other"
    other.mkdir()
    assert project_identity(project) != ""
    assert project_identity(replace(project, root=root.parent / "link")) == project_identity(
        project
    )
    assert project_identity(replace(project, root=other)) != project_identity(project)


def test_a_number_that_any_wrote_is_told_apart_by_the_path(root: Path, found: Found) -> None:
    identities = set()
    for name in ("one", "two"):
        (root / name / ".rayproject").mkdir(parents=True)
        (root / name / ".rayproject/project-id").write_text("1")
        identities.add(root_identity(root / name))
    assert len(identities) == 2
    assert all(identity.startswith("any-1-") for identity in identities)
    (root / "outrig.yaml").write_text("name: x\n")
    assert project_identity(found()) == root_identity(root)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a b", b"x" * 1000, b"../up"])
def test_a_senseless_id_file_is_not_believed(root: Path, content: bytes) -> None:
    (root / ".outrig").mkdir()
    (root / ".outrig/id").write_bytes(content)
    assert written_id(root) is None


def test_files_get_the_usual_permissions(root: Path) -> None:
    old = os.umask(0o022)
    try:
        create_project(CreateRequest(root=root, name="x"))
    finally:
        os.umask(old)
    assert (root / "outrig.yaml").stat().st_mode & 0o777 == 0o644
