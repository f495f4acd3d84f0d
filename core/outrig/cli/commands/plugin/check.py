"""`outrig plugin check`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument, option
from outrig.cli.listing import Column
from outrig.errors import OutrigError
from outrig.interfaces import OnThisComputer
from outrig.manifest import load
from outrig.plugins import Hooks
from outrig.plugins.check import (
    Check,
    check_contract,
    check_distribution,
    check_entry,
    least_costs,
)
from outrig.plugins.cost import name_of
from outrig.plugins.reference import entries_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig.manifest import Entry

STATUS = {True: "ok", False: "problem", None: "not run"}
COLUMNS: tuple[Column[Check], ...] = (
    Column("status", lambda one: STATUS[one.ok]),
    Column("plugin", lambda one: one.plugin),
    Column("what", lambda one: one.what),
    Column("found", lambda one: one.found),
)


class PluginCheck(Command):
    """Hold a plugin to what Outrig asks of plugins."""

    summary = "Check a plugin: metadata, docs, import time and its contract"
    details = (
        "The contract that fits its kind is run with the plugin's own settings. That of a provider "
        "makes nodes and releases them, so a provider whose nodes may cost money is asked about "
        "first (--yes). That of a store writes below --url and removes what it wrote. The exit "
        "code is 1 when anything is wrong."
    )
    examples = (
        ("outrig plugin check acme-cloud", "all that the distribution brings"),
        ("outrig plugin check db --url db://host/tests", "a store, tried at that place"),
        ("outrig plugin check acme --no-contract", "without its contract"),
    )
    arguments = (argument("plugin", "a plugin or its distribution"),)
    options = (
        option("url", None, "where a store may write (default: a temporary file)", value="URL"),
        option("no-contract", None, "leave out what takes long"),
    )
    lists = True

    def handle(self) -> int:
        """Print what was found."""
        manifest = load(rebuild=True)
        entries = entries_named(manifest, self.word("plugin") or "")
        hooks = Hooks(manifest=manifest, report=self.warn)
        found: list[Check] = []
        for name in dict.fromkeys(one.distribution for one in entries):
            found += check_distribution(manifest, name)
        imported = [one for one in entries if one.kind in ("plugin", "command")]
        costs = least_costs(imported)
        for one in imported:
            found += check_entry(one, hooks, costs[name_of(one)])
        if not self.flag("no-contract"):
            found += self._contracts(entries, hooks)
        self.listing(found, COLUMNS)
        return int(any(one.ok is False for one in found))

    def _contracts(self, entries: Sequence[Entry], hooks: Hooks) -> Iterator[Check]:
        for one in entries:
            if one.kind != "plugin":
                continue
            why_not = self._why_not(one, hooks)
            if why_not:
                plugin = f"{one.group.removesuffix('s')} {one.name}"
                yield Check(plugin=plugin, what="contract", ok=None, found=f"not run: {why_not}")
                continue
            self.note(f"running the contract of {one.group}: {one.name}")
            yield check_contract(one.group, one.name, self.text("url") or "")
        for name in dict.fromkeys(one.distribution for one in entries if one.kind == "command"):
            self.note(f"running the contract of commands: {name}")
            yield check_contract("commands", name)

    def _why_not(self, entry: Entry, hooks: Hooks) -> str:
        """Return why a contract is not to be run, empty where it is."""
        if entry.group != "providers":
            return ""
        try:
            if isinstance(hooks.provider(entry.name), OnThisComputer):
                return ""
        except OutrigError as err:
            return str(err)
        question = f"The contract makes nodes with provider {entry.name}. Go on?"
        may = self.confirm(question, assume_without_terminal=False)
        return "" if may else "it makes nodes, say --yes"
