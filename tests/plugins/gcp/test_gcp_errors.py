"""Every error that Google documents for our calls, as one line, and what `doctor` makes of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from outrig.cloud.machines import Wanted
from outrig.errors import AuthError, CapacityError, ConfigError, RemoteError
from outrig_gcp.calls import Gcp
from outrig_gcp.faults import (
    BUSY,
    CAPACITY,
    CREDENTIALS,
    Refused,
    failed_operation,
    refused,
    told,
)
from outrig_gcp.inventory import Project
from outrig_gcp.labels import label, labels, named
from outrig_gcp.settings import GcpSettings

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.gcp.conftest import LivingGce

WRONG = (
    "INVALID_FIELD_VALUE",
    "INVALID_USAGE",
    "badRequest",
    "conditionNotMet",
    "invalid",
    "invalidParameter",
    "invalidUsage",
    "parseError",
)


def test_every_answer_becomes_one_line_of_its_kind() -> None:
    kinds = (
        (CAPACITY, 503, CapacityError),
        (CREDENTIALS, 403, AuthError),
        (BUSY, 503, RemoteError),
        (WRONG, 400, ConfigError),
        (("somethingNew",), 418, RemoteError),
    )
    for codes, status, kind in kinds:
        for code in codes:
            error = told(Refused(status, code, "why\nit is"), "insert", "us-central1-a")
            assert type(error) is kind, code
            assert str(error) == f"gcp us-central1-a: insert: {code} (why it is)"
            assert error.hint or kind is RemoteError


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthError),
        (403, AuthError),
        (404, ConfigError),
        (429, RemoteError),
        (502, RemoteError),
    ],
)
def test_an_answer_without_a_reason_is_told_by_its_status(status: int, kind: type) -> None:
    error = told(refused(status, None), "list", "p1")
    assert type(error) is kind
    assert str(error) == f"gcp p1: list: HTTP {status}"


def test_a_reason_is_found_wherever_google_puts_it() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]
    answer = {"error": {"message": "API is off", "details": details, "errors": [{"reason": "x"}]}}
    assert refused(403, answer).reason == "SERVICE_DISABLED"
    assert refused(400, {"error": "invalid_grant"}).reason == "invalid_grant"
    assert refused(500, "<html>").reason == ""


def test_an_operation_that_failed_tells_the_lack_of_capacity_first() -> None:
    errors = [
        {"code": "VM_MIN_COUNT_NOT_REACHED", "message": "b"},
        {"code": "OTHER", "message": "c"},
    ]
    found = failed_operation({"error": {"errors": [*reversed(errors)]}})
    assert found is not None
    assert (found.reason, found.message) == ("VM_MIN_COUNT_NOT_REACHED", "b")
    assert failed_operation({"status": "DONE"}) is None


def test_labels_and_names_are_ones_that_google_takes() -> None:
    hostile = "Ünïcode & 'quotes' \n" + "x" * 100
    assert len(label(hostile)) == 63
    assert label("A b/C") == "a-b-c"
    assert labels({"1x": "Y"}) == {"l-1x": "y"}
    assert named({"outrig-name": "My Run_7"}) == "outrig-my-run-7"
    assert named({"outrig-name": "日本"}) == "outrig"


def test_credentials_that_are_missing_or_refused_are_one_line(
    records: LivingGce, run: CommandLine, project: ProjectMaker, tmp_path: Path
) -> None:
    project({"outrig.yaml": "name: demo\n"})
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    start = ("session", "start", "--provider", "gcp")
    for value, said in (
        (str(tmp_path / "none.json"), "was not found"),
        (str(broken), "not a valid json file"),
    ):
        done = run(*start, env={"GOOGLE_APPLICATION_CREDENTIALS": value})
        assert done.exit_code == 125
        errors = [line for line in done.err.splitlines() if "error:" in line]
        assert len(errors) == 1
        assert said in errors[0]
        assert "gcloud auth application-default login" in done.err
    records.ask("credentials", False)
    refused_ones = run(*start)
    assert "invalid_grant: Account is disabled." in refused_ones.err
    records.ask("credentials", True)
    region = run(*start, env={"CLOUDSDK_COMPUTE_REGION": None})
    assert "provider gcp has no region" in region.err


def test_gclouds_own_configuration_counts(
    records: LivingGce, run: CommandLine, tmp_path: Path
) -> None:
    folder = tmp_path / "gcloud"
    (folder / "configurations").mkdir(parents=True)
    (folder / "active_config").write_text("work\n")
    text = "[core]\nproject = other\n[compute]\nzone = europe-west4-b\n"
    (folder / "configurations/config_work").write_text(text)
    env: dict[str, str | None] = {"CLOUDSDK_CONFIG": str(folder), "CLOUDSDK_COMPUTE_REGION": None}
    done = run("doctor", "--provider", "gcp", "--output", "json", env=env)
    found = {one["check"].removeprefix("provider gcp: "): one for one in json.loads(done.out)}
    assert found["credentials"]["found"].endswith(", project other")
    assert found["quota"]["found"] == "europe-west4: CPUS 2 of 24"


def test_doctor_tells_how_the_project_stands(records: LivingGce, run: CommandLine) -> None:
    done = run("doctor", "--provider", "gcp", "--output", "json")
    found = {one["check"].removeprefix("provider gcp: "): one for one in json.loads(done.out)}
    assert (done.exit_code, found["API"]["found"]) == (0, "6 zones"), done.out
    assert found["credentials"]["found"].startswith("tester@p1.iam")
    assert found["your address"]["found"] == "203.0.113.7/32"
    assert found["quota"]["found"] == "us-central1: CPUS 2 of 24"
    role = json.loads(found["role"]["found"])
    assert "compute.instances.create" in role["includedPermissions"]
    assert not any("*" in one for one in role["includedPermissions"])
    nobody = run("doctor", "--provider", "gcp", env={"GOOGLE_APPLICATION_CREDENTIALS": "/none"})
    assert (nobody.exit_code, nobody.out.count("was not found")) == (1, 1)
    records.ask("permissions", ["compute.instances.create"])
    refused_ones = run("doctor", "--provider", "gcp")
    assert refused_ones.exit_code == 1
    assert "missing: compute.instances.create" in refused_ones.out


def test_an_image_that_is_not_there_is_said(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project({"outrig.yaml": "name: demo\n"})
    done = run("session", "start", "--provider", "gcp", "--image-family", "debian-99")
    assert 'gcp: there is no image "debian-99"' in done.err
    assert records.left() == []


def test_a_project_of_many_pages_is_listed_whole(records: LivingGce) -> None:
    properties = {
        "machineType": "e2-micro",
        "labels": {"outrig-owner": "me", "outrig-session": "01abc", "ray-node-type": "head"},
        "disks": [{"boot": True, "autoDelete": True}],
        "networkInterfaces": [{"network": "default"}],
    }
    for zone in ("us-central1-a", "europe-west4-b"):
        names: dict[str, object] = {f"outrig-{zone[0]}-{number}": {} for number in range(50)}
        body = {
            "count": "50",
            "perInstanceProperties": names,
            "instanceProperties": properties,
        }
        records.call("instances.bulkInsert", body, zone=zone)
    gcp = Gcp(GcpSettings(endpoint=records.endpoint))
    path = "aggregated/instances"
    pages = [*gcp.pages(path, most=7, returnPartialSuccess="true")]
    assert len(pages) == 15
    found = Project(gcp).machines("p1", Wanted(owner="me")).machines
    assert len({one.id for one in found}) == 100
    assert {one.session for one in found} == {"01ABC"}
    rays = Project(gcp).machines("p1", Wanted(owner="me", tag="ray-node-type")).machines
    assert {one.tags["ray-node-type"] for one in rays} == {"head"}
    assert Project(gcp).machines("p1", Wanted(tag="ray-cluster-name")).machines == ()
    some = tuple(one.id for one in found[:60])
    assert len(Project(gcp).machines("p1", Wanted(ids=some)).machines) == 60
