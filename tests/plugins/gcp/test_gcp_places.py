"""Which places are tried, why one is passed by, and what stops the trying."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from outrig.api import Resources
from outrig.errors import CapacityError
from outrig_gcp.machine_types import accelerators, architecture, disk_type, fitting, has_gpu

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.gcp.conftest import LivingGce

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow

FILES = {"outrig.yaml": "name: demo\n"}
START = ("session", "start", "--provider", "gcp")


def test_types_are_the_smallest_that_fit() -> None:
    assert fitting(Resources())[0] == "e2-standard-2"
    assert fitting(Resources(cpu=4, memory_mib=16384))[0] == "e2-standard-4"
    assert fitting(Resources(memory_mib=900))[0] == "e2-micro"
    assert fitting(Resources(gpu=1, gpu_type="L4"))[0] == "g2-standard-4"
    assert fitting(Resources(gpu=1, gpu_type="nvidia-tesla-t4"))[0].startswith("n1-standard-4+")
    assert fitting(Resources(gpu=8, gpu_type="H100")) == ("a3-highgpu-8g",)
    with pytest.raises(CapacityError, match="no type"):
        fitting(Resources(gpu=9))


def test_a_type_tells_its_architecture_gpus_and_disk() -> None:
    assert architecture("t2a-standard-1") == "ARM64"
    assert architecture("c4-standard-2") == "X86_64"
    assert has_gpu("g2-standard-4")
    assert not has_gpu("n2-standard-8")
    wanted = [{"acceleratorType": "nvidia-tesla-t4", "acceleratorCount": 2}]
    assert accelerators("n1-standard-8+nvidia-tesla-t4:2") == wanted
    assert accelerators("n1-standard-8") == []
    assert (disk_type("c4-standard-2"), disk_type("c3-standard-4")) == (
        "hyperdisk-balanced",
        "pd-balanced",
    )


def _asked(living: LivingGce) -> list[tuple[str, dict[str, Any]]]:
    """Return zone and properties of each request for instances."""
    return [
        (one["params"]["zone"], one["body"]["instanceProperties"])
        for one in living.log()
        if one["action"] == "instances.bulkInsert"
    ]


def test_capacity_goes_on_to_the_next_zone_type_and_region(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    records.ask("capacity", {"e2-micro": 0, "e2-medium": 0})
    words = ("--machine-type", "e2-micro,e2-medium", "--region", "us-central1,europe-west4")
    done = run(*START, *words)
    assert done.exit_code == 125
    assert "e2-micro in us-central1-a: ZONE_RESOURCE_POOL_EXHAUSTED" in done.err
    assert "e2-medium in europe-west4-c: ZONE_RESOURCE_POOL_EXHAUSTED" in done.err
    assert len(_asked(records)) == 12
    assert records.left() == []


def test_quota_and_a_type_that_a_zone_does_not_have_go_on_too(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    records.ask("cpus", 1)
    words = ("--machine-type", "z9-none,e2-micro", "--zone", "us-central1-a,us-central1-b")
    done = run(*START, *words)
    assert done.exit_code == 125
    assert "z9-none in us-central1-b: invalid" in done.err
    assert "does not exist in zone" in done.err
    assert "e2-micro in us-central1-a: QUOTA_EXCEEDED" in done.err
    assert records.left() == []


@pytest.mark.parametrize(
    ("code", "http", "said"),
    [
        ("forbidden", 403, "doctor --provider gcp"),
        ("accessNotConfigured", 403, "gcloud services enable"),
        ("invalid", 400, "config show"),
        ("conditionNotMet", 412, "config show"),
    ],
)
def test_what_cannot_be_mended_by_going_on_stops(
    code: str, http: int, said: str, records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    records.rule("instances.bulkInsert", code=code, http=http)
    done = run(*START)
    assert (done.exit_code, len(_asked(records))) == (125, 1)
    errors = [line for line in done.err.splitlines() if "error:" in line]
    assert len(errors) == 1
    assert code in errors[0]
    assert said in done.err
    assert records.left() == []


def test_an_answer_that_is_lost_makes_no_second_instance(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    gce.rule("instances.bulkInsert", after=True, drop=True, times=1)
    gce.rule("instances.aggregatedList", code="rateLimitExceeded", http=403, times=2)
    assert run(*START).exit_code == 0
    assert sum(" running" in one for one in gce.left()) == 1
    assert run("session", "stop").exit_code == 0
    assert gce.left() == []


def test_spot_falls_back_to_on_demand(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    gce.ask("capacity", {"spot": 0})
    words = ("--spot", "--spot-fallback", "--machine-type", "e2-micro", "--zone", "us-central1-a")
    done = run(*START, *words)
    assert done.exit_code == 0, done.err
    asked = [one["scheduling"].get("provisioningModel") for _, one in _asked(gce)]
    assert asked == ["SPOT", None]
    assert run("session", "stop").exit_code == 0


def test_nodes_are_gathered_where_no_place_has_them_all(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    gce.ask("capacity", {"us-central1-a": 1, "us-central1-b": 1})
    done = run(*START, "--count", "3", "--machine-type", "e2-micro", timeout_s=120)
    assert done.exit_code == 0, done.err  # the third zone has them all
    assert [zone[-1] for zone, _ in _asked(gce)] == ["a", "b", "c"]
    assert run("session", "stop").exit_code == 0
    gce.ask("capacity", {"us-central1-a": 1, "us-central1-b": 1, "us-central1-c": 0})
    more = run(*START, "--count", "2", "--machine-type", "e2-micro", timeout_s=120)
    assert more.exit_code == 0, more.err
    listed = run("provider", "list-nodes", "--provider", "gcp", "--output", "json")
    zones = [one["scope"] for one in json.loads(listed.out) if one["kind"] == "node"]
    assert sorted(zones) == ["us-central1-a", "us-central1-b"]
    assert run("session", "stop").exit_code == 0
    assert gce.left() == []


def test_a_gpu_comes_with_its_image_and_driver(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    records.ask("capacity", {"us-central1-a": 0})
    words = ("--resources", "gpu=T4:1", "--zone", "us-central1-a")
    assert run(*START, *words).exit_code == 125
    zone, asked = _asked(records)[0]
    assert (zone, asked["machineType"]) == ("us-central1-a", "n1-standard-4")
    assert asked["guestAccelerators"] == [
        {"acceleratorType": "nvidia-tesla-t4", "acceleratorCount": 1}
    ]
    assert asked["scheduling"]["onHostMaintenance"] == "TERMINATE"
    image = asked["disks"][0]["initializeParams"]["sourceImage"]
    assert image.endswith("/common-cu129-ubuntu-2404-v20261001")
    assert {"key": "install-nvidia-driver", "value": "True"} in asked["metadata"]["items"]
    assert asked["shieldedInstanceConfig"]["enableSecureBoot"] is False


def _one_request(
    records: LivingGce, run: CommandLine, *words: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the properties of what is asked for once, and the rules made before."""
    records.ask("capacity", {"us-central1-a": 0})
    done = run(*START, "--zone", "us-central1-a", "--machine-type", "e2-micro", *words)
    assert "ZONE_RESOURCE_POOL_EXHAUSTED" in done.err, done.err
    log = records.log()
    (asked,) = [one["body"] for one in log if one["action"] == "instances.bulkInsert"]
    rules = [one["body"] for one in log if one["action"] == "firewalls.insert"]
    return asked["instanceProperties"], rules


def test_an_instance_has_no_rights_and_lets_in_nobody_but_the_caller(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    asked, rules = _one_request(records, run, "--disk", "50")
    assert asked["serviceAccounts"] == []
    disk = asked["disks"][0]
    assert (disk["autoDelete"], disk["initializeParams"]["diskSizeGb"]) == (True, "50")
    assert disk["initializeParams"]["labels"] == asked["labels"]
    assert asked["shieldedInstanceConfig"]["enableSecureBoot"] is True
    assert "PRIVATE KEY" not in json.dumps(asked)
    ranges = {one["name"].rpartition("-")[2]: one.get("sourceRanges") for one in rules}
    assert ranges == {"ssh": ["203.0.113.7/32"], "own": None, "rest": ["0.0.0.0/0"]}
    assert {tuple(one["targetTags"]) for one in rules} == {tuple(asked["tags"]["items"])}


def test_options_reach_the_request(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    words = ("--service-account", "me@p1", "--subnet", "inner", "--gcp-private")
    asked, rules = _one_request(records, run, *words, "--image-family", "debian-12")
    scope = "https://www.googleapis.com/auth/devstorage.read_only"
    assert asked["serviceAccounts"] == [{"email": "me@p1", "scopes": [scope]}]
    inner = "projects/p1/regions/us-central1/subnetworks/inner"
    assert asked["networkInterfaces"] == [{"subnetwork": inner}]
    assert {one["network"] for one in rules} == {"projects/p1/global/networks/other"}
    image = asked["disks"][0]["initializeParams"]["sourceImage"]
    assert image == "projects/debian-cloud/global/images/debian-12-bookworm-v20261010"


def test_more_fields_are_passed_on_but_undo_nothing(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    given = {
        "canIpForward": True,
        "labels": {"team": "x", "outrig-owner": "nobody"},
        "metadata": {"items": [{"key": "a", "value": "b"}, {"key": "ssh-keys", "value": "c"}]},
        "tags": {"items": ["web"]},
        "scheduling": [{"automaticRestart": False, "nodeAffinities": []}],
        "disks": [{"boot": True, "initializeParams": {"sourceImage": "x"}}],
    }
    asked, _ = _one_request(records, run, "--gcp-node-config", json.dumps(given))
    assert (asked["canIpForward"], asked["labels"]["team"]) == (True, "x")
    assert asked["labels"]["outrig-owner"] != "nobody"
    keys = [one["key"] for one in asked["metadata"]["items"]]
    assert (keys.count("ssh-keys"), keys[-1]) == (1, "a")
    assert asked["tags"]["items"][-1] == "web"
    assert "nodeAffinities" in asked["scheduling"]
    assert asked["disks"][0]["autoDelete"] is True
    assert asked["disks"][0]["initializeParams"]["labels"] == asked["labels"]
    refused = run(*START, "--gcp-node-config", '{"name": "x"}')
    assert "has what Outrig sets itself" in refused.err


def test_rules_for_a_network_of_another_project_are_not_ours_to_make(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    shared = ("--network", "host/shared", "--zone", "us-central1-a")
    refused = run(*START, *shared)
    assert "projects/host/global/networks/shared is another project's" in refused.err
    assert "--gcp-network-tag TAG" in refused.err
    asked, rules = _one_request(records, run, *shared[:2], "--gcp-network-tag", "let-me-in")
    assert (asked["tags"]["items"], rules) == (["let-me-in"], [])
    assert records.left() == []


def test_a_dry_run_shows_candidates_and_prices_and_makes_nothing(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    words = ("--dry-run", "--count", "2", "--machine-type", "e2-standard-2,e2-micro,c4-standard-2")
    done = run(*START, *words)
    assert done.exit_code == 0, done.err
    assert done.out.splitlines()[1:4] == [
        "candidate 1: e2-standard-2 in us-central1: 0.1340 USD per hour",
        "candidate 2: e2-micro in us-central1: 0.0168 USD per hour",
        "candidate 3: c4-standard-2 in us-central1: price unknown",
    ]
    assert records.left() == []
    gpu = run(*START, "--dry-run", "--machine-type", "n1-standard-4+nvidia-tesla-t4:1")
    assert "0.54" in gpu.out
    records.rule("skus", code="accessNotConfigured", http=403)
    assert run(*START, *words).out == done.out  # from the day's own copy


def test_what_costs_too_much_is_passed_by(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    done = run(*START, "--machine-type", "e2-standard-4", "--max-price", "0.1")
    assert done.exit_code == 125
    assert "e2-standard-4 in us-central1-a: 0.134" in done.err
    assert "USD per hour is over the limit" in done.err
    assert "instances.bulkInsert" not in records.calls()
    records.rule("skus", code="accessNotConfigured", http=403)
    unknown = run(*START, "--machine-type", "c4-standard-2", "--budget", "5")
    assert "the price is not known, so a budget cannot be kept" in unknown.err
    assert records.left() == []
