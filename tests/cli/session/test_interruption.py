"""Nodes that their provider takes back: what follows is what the session's policy says."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker, ProjectMaker

SPOTTY = """
import time
from dataclasses import dataclass, replace
from pathlib import Path
from outrig.api import (
    Endpoint, Inventory, Kept, Node, NodeProvider, OwnsResources, ReleaseReport, Role, Settings,
    setting,
)
from outrig.errors import CapacityError, UnreachableError

@dataclass(frozen=True, kw_only=True)
class SpottySettings(Settings):
    place: str = setting("", help="where nodes are kept")

class Spotty(NodeProvider, OwnsResources):
    settings_type = SpottySettings
    @property
    def place(self):
        return Path(self.settings.place)
    def provision(self, request, context):
        names = {one.name for one in self.place.glob("node-*") if not self.gone(one.name)}
        if (self.place / "full").exists():
            raise CapacityError("spotty is full")
        while len(names) < request.count:
            number = len([*self.place.glob("node-*")])
            (self.place / f"node-{number}").mkdir()
            names.add(f"node-{number}")
        return tuple(
            Node(id=name, provider="spotty", rank=rank, role=Role.WORKER if rank else Role.HEAD,
                 data={"session": request.session_id})
            for rank, name in enumerate(sorted(names))
        )
    def gone(self, name):
        return (self.place / name / "taken").exists()
    def list_nodes(self, query, context):
        return Inventory()
    def release(self, targets, how, context):
        with open(self.place / "released", "a") as file:
            file.writelines(f"{how.value} {one.id}\\n" for one in targets)
        return ReleaseReport(released=targets)
    def endpoint(self, node):
        return Endpoint(root=str(self.place / node.id / "root"))
    def client(self, node):
        if self.gone(node.id):
            raise UnreachableError(f"{node.id} does not answer")
        return super().client(node)
    def execute(self, request, context):
        self.hold("before")
        refs = super().execute(request, context)
        self.hold("after")
        return refs
    def hold(self, when):
        if (self.place / f"hold-{when}").exists():
            (self.place / "held").touch()
            time.sleep(600)
    def kept(self, node):
        if not self.gone(node.id):
            return Kept()
        session = node.data["session"]
        return Kept(ended={session: "the cloud took it back"}, taken_back=(session,))
"""
WORK = """\
echo "$OUTRIG_RUN" >> {place}/begun
echo $$ > {place}/pid-$OUTRIG_NODE_RANK
echo working on $OUTRIG_NODE_RANK
while [ ! -e {place}/go ]; do sleep 0.05; done
echo done on $OUTRIG_NODE_RANK
"""
WAIT_S = 60.0


class Cloud:
    """The provider's machines, as directories, and the means to take one back."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def nodes(self) -> list[str]:
        """Return the names of all machines that ever were."""
        return sorted(one.name for one in self.place.glob("node-*"))

    def working(self, rank: int = 0) -> int:
        """Wait until a program works on the node in a place; returns its process."""
        pid = self.place / f"pid-{rank}"
        until(lambda: pid.exists() and pid.read_text().strip())
        number = int(pid.read_text())
        pid.unlink()
        return number

    def take(self, node: str, rank: int = 0) -> None:
        """Take a machine's power away while a program works there: nothing can be said of it."""
        self.working(rank)
        (self.place / node / "taken").touch()
        for process in sorted(_processes(self.place / node), key=_tells_clients, reverse=True):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def shut_down(self, node: str) -> None:
        """Let a machine end its programs, which is told, before it is gone."""
        process = self.working()
        (self.place / node / "taken").touch()
        os.kill(process, signal.SIGTERM)

    def begun(self) -> list[str]:
        """Return the ids of the runs that began, in order."""
        file = self.place / "begun"
        return file.read_text().split() if file.exists() else []


def _processes(place: Path) -> list[int]:
    """Return the processes of a machine: those that were told of its place."""
    mark, found = os.fsencode(place) + b"/", []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            told = (one / "cmdline").read_bytes() + (one / "environ").read_bytes()
            works = os.fsencode((one / "cwd").readlink()) + b"/"
        except OSError:
            continue
        if mark in told or works.startswith(mark):
            found.append(int(one.name))
    return found


def _tells_clients(process: int) -> bool:
    """Whether a process is a node program that a client talks to."""
    try:
        return Path(f"/proc/{process}/fd/0").readlink().name.startswith(("pipe:", "socket:"))
    except OSError:
        return False


def until(what: Callable[[], object]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def cloud(
    plugins: PluginMaker,
    project: ProjectMaker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Cloud:
    """A project, and a provider that takes its nodes back when told to."""
    place = tmp_path / "cloud"
    place.mkdir()
    plugins(
        "spotty",
        entry_points={"outrig.providers": {"spotty": "spotty:Spotty"}},
        files={"spotty.py": SPOTTY},
    )
    monkeypatch.setenv("OUTRIG_SPOTTY_PLACE", str(place))
    work = [{"name": "work", "command": WORK.format(place=place)}]
    project({"outrig.yaml": {"name": "demo", "commands": work, "output_files": ["out"]}})
    return Cloud(place)


START = ("session", "start", "work", "--provider", "spotty", "--name", "s")


def _session(run: CommandLine) -> dict[str, str]:
    listed = run("session", "list", "--all", "--output", "json").checked()
    found: dict[str, str] = json.loads(listed.out)[0]
    return found


def _runs(run: CommandLine) -> list[tuple[str, str | None]]:
    listed = run("run", "list", "--output", "json").checked()
    return [(one["state"], one["repeats"]) for one in reversed(json.loads(listed.out))]


def test_a_session_is_suspended_and_its_run_lost_unless_said_otherwise(
    run: CommandLine, cloud: Cloud
) -> None:
    started = run.start(*START)
    cloud.take("node-0")
    done = started.wait(WAIT_S)
    assert done.exit_code == 125
    assert "LOST: the cloud took it back" in done.err
    assert "outputs went with the node" in done.err
    assert _session(run)["state"] == "SUSPENDED"
    assert cloud.nodes() == ["node-0"]
    (cloud.place / "go").touch()
    again = run("session", "start", "--provider", "spotty", "--name", "s", "--shell", "echo here")
    assert again.checked().out == "here\n"
    assert cloud.nodes() == ["node-0", "node-1"]
    assert len(cloud.begun()) == 1


def test_a_restarted_session_has_a_node_and_runs_nothing_twice(
    run: CommandLine, cloud: Cloud
) -> None:
    started = run.start(*START, "--on-interruption", "restart")
    cloud.take("node-0")
    done = started.wait(WAIT_S)
    assert done.exit_code == 125
    assert "the cloud took it back; starting it again" in done.err
    assert _session(run)["state"] == "RUNNING"
    assert cloud.nodes() == ["node-0", "node-1"]
    assert _runs(run) == [("LOST", None)]
    assert run("session", "execute", "--shell", "cat outrig.yaml").checked().out
    assert len(cloud.begun()) == 1


def test_what_was_cut_runs_again_once_and_its_end_is_ours(run: CommandLine, cloud: Cloud) -> None:
    started = run.start(*START, "--on-interruption", "rerun")
    cloud.take("node-0")
    until(lambda: len(cloud.begun()) == 2)
    (cloud.place / "go").touch()
    done = started.wait(WAIT_S).checked()
    assert done.out.endswith("working on 0\ndone on 0\n")
    first, second = cloud.begun()
    assert f"run {first} was cut; it runs again as {second}" in done.err
    assert _runs(run) == [("LOST", None), ("SUCCEEDED", first)]
    shown = run("session", "events", "s").checked().out
    assert "session.interrupted" in shown
    run("session", "start", "--name", "s", "--provider", "spotty").checked()
    assert len(cloud.begun()) == 2


def test_what_a_machine_killed_as_it_shut_down_counts_as_cut(
    run: CommandLine, cloud: Cloud
) -> None:
    started = run.start(*START, "--on-interruption", "rerun")
    cloud.shut_down("node-0")
    until(lambda: len(cloud.begun()) == 2)
    (cloud.place / "go").touch()
    done = started.wait(WAIT_S).checked()
    assert done.out.splitlines()[-1] == "done on 0"
    assert _runs(run)[-1] == ("SUCCEEDED", cloud.begun()[0])


def test_a_program_that_was_killed_for_another_reason_is_not_run_again(
    run: CommandLine, cloud: Cloud
) -> None:
    started = run.start(*START, "--on-interruption", "rerun")
    os.kill(cloud.working(), signal.SIGTERM)
    assert started.wait(WAIT_S).exit_code == 143
    assert (cloud.nodes(), len(cloud.begun())) == (["node-0"], 1)


def test_a_command_that_comes_later_does_what_nobody_was_there_to_do(
    run: CommandLine, cloud: Cloud
) -> None:
    run(*START, "--on-interruption", "rerun", "--detach").checked()
    cloud.take("node-0")
    listed = run("session", "list", "--refresh", "--output", "json").checked()
    assert json.loads(listed.out)[0]["state"] == "RESTARTING"  # a listing buys nothing
    assert cloud.nodes() == ["node-0"]
    (cloud.place / "go").touch()
    followed = run("session", "logs", "-f").checked()
    assert followed.out == "working on 0\ndone on 0\n"
    assert len(cloud.begun()) == 2


def test_two_that_wait_replace_one_node_once(run: CommandLine, cloud: Cloud) -> None:
    name = run(*START, "--on-interruption", "rerun", "--detach").checked().out.strip()
    both = [run.start("run", "logs", "-f", name), run.start("run", "wait", name)]
    cloud.take("node-0")
    until(lambda: len(cloud.begun()) == 2)
    (cloud.place / "go").touch()
    assert [one.wait(WAIT_S).exit_code for one in both] == [0, 0]
    assert cloud.nodes() == ["node-0", "node-1"]
    assert len(cloud.begun()) == 2


def test_the_other_nodes_go_on_and_keep_their_places(run: CommandLine, cloud: Cloud) -> None:
    words = ("--count", "2", "--on-interruption", "rerun")
    run("session", "start", "--provider", "spotty", "--name", "s", *words).checked()
    started = run.start("session", "execute", "work", "--on", "all")
    until((cloud.place / "pid-1").exists)
    cloud.take("node-0")
    until(lambda: len(cloud.begun()) == 3)
    (cloud.place / "go").touch()
    done = started.wait(WAIT_S).checked()
    lines = sorted(line for line in done.out.splitlines() if "done" in line)
    assert lines == ["[node-1] done on 1", "[node-2] done on 0"]
    assert len(cloud.begun()) == 3


def test_the_other_nodes_are_given_back_where_the_session_stops(
    run: CommandLine, cloud: Cloud
) -> None:
    run("session", "start", "--provider", "spotty", "--name", "s", "--count", "2").checked()
    started = run.start("session", "execute", "work", "--on", "all")
    until((cloud.place / "pid-0").exists)
    cloud.take("node-1", 1)
    assert started.wait(WAIT_S).exit_code == 125
    assert (cloud.place / "released").read_text() == "keep node-0\n"
    assert sorted(state for state, _ in _runs(run)) == ["CANCELLED", "LOST"]


def test_without_capacity_the_next_start_tries_again(run: CommandLine, cloud: Cloud) -> None:
    started = run.start(*START, "--on-interruption", "rerun")
    until((cloud.place / "pid-0").exists)
    (cloud.place / "full").touch()
    cloud.take("node-0")
    done = started.wait(WAIT_S)
    assert (done.exit_code, "spotty is full" in done.err) == (125, True), done.err
    assert _session(run)["state"] == "ERROR"
    (cloud.place / "full").unlink()
    (cloud.place / "go").touch()
    run("session", "start", "--provider", "spotty", "--name", "s").checked()
    until(lambda: len(cloud.begun()) == 2)
    run("run", "wait").checked()


def test_a_sweep_goes_on_with_the_cases_that_were_cut(
    run: CommandLine, cloud: Cloud, project: ProjectMaker
) -> None:
    work = {
        "name": "work",
        "command": WORK.format(place=cloud.place) + "echo {{x}}",
        "params": [{"name": "x", "default": "1"}],
    }
    compute = {"provider": "spotty", "on_interruption": "rerun"}
    project({"outrig.yaml": {"name": "demo", "commands": [work], "compute": compute}})
    words = ("--x", "case:1,2", "--max-parallel", "1", "--name", "s")
    started = run.start("session", "start", "work", *words)
    cloud.take("node-0")
    until(lambda: len(cloud.begun()) == 2)
    (cloud.place / "go").touch()
    started.wait(2 * WAIT_S).checked()
    assert len(cloud.begun()) == 3  # the first case twice, the second once


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_client_that_dies_while_it_restarts_leaves_it_to_the_next(
    when: str, run: CommandLine, cloud: Cloud
) -> None:
    started = run.start(*START, "--on-interruption", "rerun")
    until((cloud.place / "pid-0").exists)
    (cloud.place / f"hold-{when}").touch()
    cloud.take("node-0")
    until((cloud.place / "held").exists)
    started.send(signal.SIGKILL)
    (cloud.place / f"hold-{when}").unlink()
    started.wait(WAIT_S)
    (cloud.place / "go").touch()
    if when == "before":
        run("session", "start", "--provider", "spotty", "--name", "s").checked()
    run("session", "logs", "-f").checked()  # goes on with the start, where nobody has
    assert len(cloud.begun()) == 2
