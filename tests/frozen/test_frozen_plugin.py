"""The plugin that was frozen at version 1 of the contract runs, as it is."""

from __future__ import annotations

import hashlib
import inspect
import types
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy
import pytest

from outrig import hookspecs
from outrig.plugins import host
from outrig.plugins.host import Host, Registered
from outrig.plugins.kinds import Kind, PluginEntry
from outrig.testing.extensions import PLAN
from outrig.testing.memory import MemoryContext

if TYPE_CHECKING:
    from outrig.model.session import Plan
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker, ProjectMaker

SOURCE = Path(__file__).with_name("plugin_v1.py")
DIGEST = "c91eb5c222a3bbbc819acc6dc0de9e4fdfc0bba5ceadeb1d9f28e504284a27cb"
PROJECT = {
    "name": "demo",
    "compute": {"provider": "frozen"},
    "commands": [
        {
            "name": "hi",
            "command": "echo {{word}}",
            "params": [{"name": "word", "default": "hi"}],
        }
    ],
}
HOOKS = {
    "provision": ("request", "context"),
    "list_nodes": ("query", "context"),
    "release": ("targets", "how", "context"),
    "sync": ("request", "context"),
    "execute": ("request", "context"),
    "store_snapshot": ("source", "context"),
    "load_snapshot": ("digest", "wanted", "sink", "context"),
    "list_snapshots": ("query", "context"),
    "delete_snapshots": ("digests", "context"),
    "expand_params": ("expression", "parameter", "limit", "context"),
    "review_plan": ("plan", "context"),
    "session_event": ("event", "context"),
}
"""Version 1 of the contract: arguments may be added, none of these may go or be renamed."""


@pytest.fixture
def frozen(plugins: PluginMaker) -> None:
    plugins(
        "frozen-plugin",
        entry_points={
            "outrig.providers": {"frozen": "plugin_v1:FrozenProvider"},
            "outrig.stores": {"frozen": "plugin_v1:FrozenStore"},
            "outrig.expanders": {"frozen": "plugin_v1:FrozenExpander"},
            "outrig.extensions": {"frozen": "plugin_v1:FrozenExtension"},
            "outrig.commands": {
                "frozen": "plugin_v1:FROZEN",
                "frozen.say": "plugin_v1:FrozenCommand",
            },
        },
        files={"plugin_v1.py": SOURCE.read_text()},
    )


def test_nobody_has_changed_it() -> None:
    assert hashlib.sha256(SOURCE.read_bytes()).hexdigest() == DIGEST


def test_its_provider_and_its_extension(
    frozen: None, run: CommandLine, project: ProjectMaker
) -> None:
    root = project({"outrig.yaml": PROJECT})
    started = run("session", "start", "hi", "--name", "s").checked()
    assert started.out == "hi\n"
    (tags,) = (root / "frozen").glob("*/tags.json")
    assert tags.read_text() == '{"frozen": "yes"}'
    assert (root / "wrapped").read_text() == "s 1\n"
    kinds = [line.split()[1] for line in (root / "heard").read_text().splitlines()]
    numbers = [int(line.split()[0]) for line in (root / "heard").read_text().splitlines()]
    assert "provision" in " ".join(kinds)
    assert numbers == sorted(set(numbers)), "in order, each once"
    run("session", "stop").checked()
    assert not tags.exists()


def test_its_policy_refuses_and_says_why(
    frozen: None, run: CommandLine, project: ProjectMaker
) -> None:
    project({"outrig.yaml": PROJECT})
    for words, code in (
        (("--frozen-region", "south"), 125),
        (("--frozen-region=south", "--dry-run"), 8),
    ):
        done = run("session", "start", "hi", *words)
        assert (done.exit_code, done.out) == (code, "")
        assert "outrig: error: south is closed" in done.err
        assert 'the policy is extension "frozen" (frozen-plugin 1.0)' in done.err
    assert run("session", "list").checked().out == ""
    planned = run("session", "start", "hi", "--dry-run").checked()
    assert "tags: frozen=yes" in planned.out


def test_its_store(frozen: None, run: CommandLine, project: ProjectMaker, tmp_path: Path) -> None:
    project({"outrig.yaml": PROJECT, "a.txt": "a\n"})
    store = ("--store", f"frozen://{tmp_path}/objects")
    run("snapshot", "create", "--name", "v1", *store).checked()
    assert "v1" in run("snapshot", "list", *store).checked().out
    run("snapshot", "restore", "v1", str(tmp_path / "back"), *store).checked()
    assert (tmp_path / "back/a.txt").read_text() == "a\n"
    run("snapshot", "delete", "v1", *store, "--yes").checked()
    assert "v1" not in run("snapshot", "list", *store).checked().out


def test_its_command_and_its_settings(frozen: None, run: CommandLine) -> None:
    said = run("frozen", "say", "ice", "-t", "2").checked()
    assert (said.out, said.err) == ("ice\nice\n", "that was it\n")
    shown = run("config", "show", "providers.frozen", env={"FROZEN_REGION": "east"}).checked()
    assert "east" in shown.out
    listed = run("plugin", "list", "--hooks", "--format", "hook,how", "--output", "csv").checked()
    assert listed.out.splitlines()[1:] == [
        "provision,wraps",
        "review_plan,hears",
        "session_event,hears",
    ]
    assert "problem" not in run("plugin", "doctor").checked().out


@pytest.mark.parametrize("name", HOOKS)
def test_no_argument_of_a_hook_has_gone(name: str) -> None:
    now = tuple(inspect.signature(getattr(hookspecs, name)).parameters)
    assert now[: len(HOOKS[name])] == HOOKS[name]


def test_a_hook_with_more_arguments_still_calls_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later Outrig gives `review_plan` one more argument."""

    class Old:
        @hookspecs.hookimpl
        def review_plan(self, plan: Plan, context: object) -> Plan:
            assert context is not None
            return plan

    later = types.SimpleNamespace(**vars(hookspecs))

    def review_plan(plan: Plan, context: object, account: str) -> None:
        raise AssertionError(plan, context, account)

    later.review_plan = pluggy.HookspecMarker(hookspecs.PROJECT_NAME)(review_plan)
    monkeypatch.setattr(host, "hookspecs", later)
    entry = PluginEntry(kind=Kind.EXTENSION, name="old", value="", distribution="old", version="1")
    old = Registered(entry, Old())
    answer = Host(None, (old,)).tell(
        old, "review_plan", plan=PLAN, context=MemoryContext(), account="4711"
    )
    assert answer is PLAN


def test_records_of_the_contract_can_grow() -> None:
    """A plugin makes and reads records by field names: each new field needs a default."""
    from outrig.model import node, run, session, snapshot

    made_by_plugins = (
        node.Node,
        node.Endpoint,
        node.Inventory,
        node.ReleaseReport,
        session.SyncReport,
        run.RunRef,
        run.LogPart,
        snapshot.DeleteReport,
    )
    needed = {
        kind.__name__: {one.name for one in fields(kind) if _is_needed(one)}
        for kind in made_by_plugins
    }
    assert needed == {
        "Node": {"id", "provider"},
        "Endpoint": set(),
        "Inventory": set(),
        "ReleaseReport": set(),
        "SyncReport": set(),
        "RunRef": {"id", "session_id", "node"},
        "LogPart": {"data", "offset"},
        "DeleteReport": set(),
    }


def _is_needed(one: object) -> bool:
    from dataclasses import MISSING, Field

    assert isinstance(one, Field)
    return one.default is MISSING and one.default_factory is MISSING
