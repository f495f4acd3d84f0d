"""`outrig plugin list`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.listing import Column
from outrig.manifest import load
from outrig.plugins import Hooks
from outrig.plugins.report import HookInfo, PluginInfo, hook_order, list_plugins

COLUMNS: tuple[Column[PluginInfo], ...] = (
    Column("name", lambda one: one.name),
    Column("kind", lambda one: one.kind),
    Column("version", lambda one: one.version),
    Column("distribution", lambda one: one.distribution),
    Column("import_ms", lambda one: one.import_ms),
    Column("adds", lambda one: one.adds),
)
HOOK_COLUMNS: tuple[Column[HookInfo], ...] = (
    Column("hook", lambda one: one.hook),
    Column("position", lambda one: one.position),
    Column("name", lambda one: one.name),
    Column("how", lambda one: one.how),
    Column("distribution", lambda one: one.distribution),
    Column("version", lambda one: one.version),
)


class PluginList(Command):
    """List the plugins that are installed and what each adds."""

    summary = "List plugins and what each adds"
    details = (
        "import_ms is what importing a plugin costs beyond Outrig and its SDK, in processor time; "
        "it is measured aside, once for each change of what is installed. --hooks loads the "
        "extensions and shows which take part in which hook, in the order they are called."
    )
    examples = (
        ("outrig plugin list", "all that is installed"),
        ("outrig plugin list --hooks", "who hears of what, and in which order"),
    )
    options = (option("hooks", None, "show the order of extensions in each hook"),)
    lists = True

    def handle(self) -> int:
        """Print the listing."""
        if self.flag("hooks"):
            order = hook_order(Hooks(report=self.warn))
            self.listing(order, HOOK_COLUMNS, empty="no extension is installed")
        else:
            self.listing(list_plugins(load()), COLUMNS)
        return 0
