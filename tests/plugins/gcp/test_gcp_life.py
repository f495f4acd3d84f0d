"""Stopping and resuming, several nodes, two clients at once, and what `gc` finds afterwards."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.gcp.conftest import LivingGce

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow

FILES = {"outrig.yaml": "name: demo\n", "a.txt": "a\n"}
START = ("session", "start", "--provider", "gcp")
LIST = ("provider", "list-nodes", "--provider", "gcp")
ZONE = "us-central1-a"


def test_a_kept_session_is_resumed_with_its_files(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START).exit_code == 0
    assert run("session", "execute", "--shell", "echo mine > made.txt").exit_code == 0
    first = gce.instance()
    kept = run("session", "stop", "--keep")
    assert kept.exit_code == 0, kept.err
    listed = run(*LIST, "--output", "csv", "--format", "kind,state,session")
    rows = ["node,stopped,demo", *["firewall,,demo"] * 3]
    assert listed.out.splitlines()[1:] == rows
    done = run("session", "start", "--name", "demo", "--provider", "gcp", "--shell", "cat made.txt")
    assert (done.exit_code, done.out) == (0, "mine\n"), done.err
    assert gce.instance() == first
    assert run("session", "stop").exit_code == 0
    assert gce.left() == []


def test_a_session_that_is_resumed_from_elsewhere_lets_that_address_in(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    first: dict[str, str | None] = {"OUTRIG_GCP_ALLOW_FROM": "192.0.2.0/24"}
    assert run(*START, env=first).exit_code == 0
    assert run("session", "stop", "--keep").exit_code == 0
    again = ("session", "start", "--name", "demo", "--provider", "gcp")
    assert run(*again, env={"OUTRIG_GCP_ALLOW_FROM": "198.51.100.7"}).exit_code == 0
    rules = {one["name"]: one for one in gce.call("firewalls.list")["items"]}
    assert len(rules) == 3
    opened = [one["sourceRanges"] for name, one in rules.items() if name.endswith("-ssh")]
    assert opened == [["198.51.100.7/32"]]
    denied = [one["sourceRanges"] for name, one in rules.items() if name.endswith("-rest")]
    assert denied == [["0.0.0.0/0"]]
    assert run("session", "stop").exit_code == 0


def test_several_nodes_come_with_one_request_and_are_ranked(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    done = run(*START, "--count", "3", timeout_s=120)
    assert done.exit_code == 0, done.err
    assert gce.calls().count("instances.bulkInsert") == 1
    told = run("session", "execute", "--shell", "--on", "all", "echo $OUTRIG_NODE_RANK").out
    assert sorted(line.split()[-1] for line in told.splitlines()) == ["0", "1", "2"]
    assert run("session", "stop").exit_code == 0
    assert gce.left() == []


def test_two_clients_that_start_one_name_share_one_node(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    both = [run.start(*START, "--name", "one") for _ in range(2)]
    assert [one.wait(120).exit_code for one in both] == [0, 0]
    assert sum(" running" in one for one in gce.left()) == 1
    assert run("session", "stop", "one").exit_code == 0
    assert gce.left() == []


def test_gc_removes_what_no_session_uses_and_nothing_of_others(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    records.rule("instances.bulkInsert", code="forbidden", http=403)
    assert run(*START).exit_code == 125
    owner = (run.directory.parent / "home/outrig/state/owner").read_text().strip()
    for name, whose in (("lost", owner), ("other", "else")):
        known = {"outrig-owner": whose, "outrig-session": "01gone"}
        records.call("disks.insert", {"name": name, "labels": known}, zone=ZONE)
        records.call("addresses.insert", {"name": name, "labels": known}, region="us-central1")
        rule = {"name": f"outrig-{name}", "description": json.dumps(known)}
        records.call("firewalls.insert", rule)
    records.call("firewalls.insert", {"name": "outrig-foreign", "description": "by hand"})
    shown = run("gc", "--dry-run", "--output", "csv", "--format", "kind")
    assert sorted(shown.out.split()[1:]) == ["address", "disk", "firewall"], shown.err
    cleared = run("gc", "--yes")
    assert cleared.exit_code == 0, cleared.err
    others = [
        "addresses/other",
        "disks/other",
        "firewalls/outrig-foreign",
        "firewalls/outrig-other",
    ]
    assert sorted(records.left()) == others
    assert run("gc", "--dry-run").out == ""


def test_a_session_whose_machine_went_off_is_suspended_and_starts_again(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START, "--name", "one", "--zone", ZONE).exit_code == 0
    name = gce.instance()
    gce.call("instances.stop", zone=ZONE, instance=name)
    listed = run("session", "list", "--refresh", "--output", "csv", "--format", "state,error")
    assert listed.out.splitlines()[1].startswith("SUSPENDED,its "), listed.err
    again = run(*START, "--name", "one", "--shell", "cat a.txt")
    assert (again.exit_code, again.out) == (0, "a\n"), again.err
    gce.call("instances.delete", zone=ZONE, instance=name)
    anew = run(*START, "--name", "one", "--shell", "cat a.txt")
    assert (anew.exit_code, anew.out) == (0, "a\n"), anew.err
    assert sum(" running" in one for one in gce.left()) == 1
    assert run("session", "stop", "one").exit_code == 0
    assert gce.left() == []


def test_a_zone_that_does_not_answer_is_said_and_keeps_nothing_secret(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    records.rule("instances.getGuestAttributes", code="forbidden", http=403)
    failed = run(*START, "--zone", ZONE)
    assert (failed.exit_code, "releasing" in failed.err) == (125, True), failed.err
    assert records.left() == []
    records.ask("silent", [ZONE])
    listed = run(*LIST)
    assert listed.exit_code == 0, listed.err
    assert ZONE in listed.err


def test_what_a_silent_zone_may_hold_is_not_taken_for_gone(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    from outrig.api import Release, ResourceRef
    from outrig.testing.memory import MemoryContext
    from outrig_gcp.provider import GcpProvider
    from outrig_gcp.settings import GcpSettings

    settings = GcpSettings(endpoint=records.endpoint, zone=(ZONE,), poll_s=0.1)
    gcp = GcpProvider(settings)
    records.ask("silent", [ZONE])
    ref = ResourceRef(kind="node", id="outrig-demo-0", scope=records.project)
    report = gcp.release((ref,), Release.TERMINATE, MemoryContext(own_settings=settings))
    assert report.released == ()
    assert report.failed == ((ref, f"{ZONE} could not be asked"),)


def test_a_start_that_is_interrupted_while_google_works_leaves_nothing(
    records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    records.rule("zoneOperations.get", hang=True)
    started = run.start(*START, "--zone", ZONE)
    assert records.ask("hanging"), "the call does not come"
    started.send(signal.SIGINT)
    records.mend()
    records.ask("release")
    done = started.wait(120)
    assert done.exit_code == 130, done.err
    assert "releasing what was made" in done.err
    assert records.left() == []
    assert run("gc", "--dry-run").out == ""
