"""`daft list`"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import Column, Command, TerminalObserver, argument, interruptible, option
from outrig.errors import UsageError
from outrig_daft.commands.words import CONFIG, FILE
from outrig_daft.files.daft_file import load_daft_file
from outrig_daft.inventory import ListedNode, list_nodes
from outrig_daft.names import DEFAULT_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence


class DaftList(Command):
    """List clusters, by the state of their machines."""

    summary = "List clusters and their machines, by state"
    details = (
        "Clusters of this computer, and those in your account that `ray up` or daft-launcher made: "
        "they carry the same tags. AWS is asked in the region of .daft.toml, in those that are set "
        "up, and wherever clusters of this computer are; --all-regions asks everywhere. "
        "--output prints a table, or what scripts read."
    )
    examples = (
        ("daft list", "all clusters"),
        ("daft list 'demo-.*' --head --running", "addresses of heads"),
        ("daft list --output json", "for scripts"),
    )
    arguments = (argument("pattern", "a regular expression for the name", required=False), FILE)
    options = (
        CONFIG,
        option("region", None, "ask this region only", value="REGION", repeat=True),
        option("all-regions", None, "ask every region of the account"),
        option("head", None, "heads only"),
        option("running", None, "running machines only"),
    )
    lists = True

    def handle(self) -> int:
        """Print them."""
        self.outrig.watch(TerminalObserver(self))
        with interruptible(self.outrig):
            regions, providers = self._where()
            found = list_nodes(
                self.outrig,
                regions,
                everywhere=self.flag("all-regions"),
                providers=providers,
            )
        nodes = [one for one in found.nodes if self._is_wanted(one)]
        if self.was_given("output") or self.was_given("format"):
            self.listing(nodes, _COLUMNS, empty="no clusters")
        else:
            self._print(nodes)
        for line in found.silent:
            self.warn(line)
        return 0

    def _where(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the regions of AWS, and other providers, to ask by the options and the file."""
        given = self.texts("region")
        path = Path(self.text("config") or self.word("file") or DEFAULT_FILE)
        if given or (path.name == DEFAULT_FILE and not path.exists()):
            return given, ()
        file = load_daft_file(path)
        return ((file.region,), ()) if file.provider == "aws" else ((), (file.provider,))

    def _is_wanted(self, node: ListedNode) -> bool:
        try:
            pattern = re.compile(self.word("pattern") or "")
        except re.error as err:
            raise UsageError(f"PATTERN is no regular expression: {err}") from None
        return (
            pattern.search(node.cluster) is not None
            and (not self.flag("head") or node.role == "head")
            and (not self.flag("running") or node.state == "running")
        )

    def _print(self, nodes: Sequence[ListedNode]) -> None:
        """Print as daft-launcher does: a block for each state."""
        for state, group in groupby(nodes, key=lambda one: one.state):
            self.line(f"{state.capitalize()}:")
            for one in group:
                parts = (one.cluster, one.role, one.id, one.address, one.trouble)
                self.line(f"  - {', '.join(part for part in parts if part)}")
        if not nodes:
            self.note("no clusters; start one: outrig daft up")


_COLUMNS: tuple[Column[ListedNode], ...] = (
    Column("cluster", lambda one: one.cluster),
    Column("role", lambda one: one.role),
    Column("id", lambda one: one.id),
    Column("state", lambda one: one.state),
    Column("address", lambda one: one.address),
    Column("provider", lambda one: one.provider),
    Column("region", lambda one: one.scope),
    Column("trouble", lambda one: one.trouble),
)
