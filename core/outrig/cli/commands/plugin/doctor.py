"""`outrig plugin doctor`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.listing import Column
from outrig.manifest import load
from outrig.plugins.diagnosis import Diagnosis, diagnose

COLUMNS: tuple[Column[Diagnosis], ...] = (
    Column("status", lambda one: "problem" if one.problem else "ok"),
    Column("name", lambda one: one.name),
    Column("kind", lambda one: one.kind),
    Column("distribution", lambda one: one.distribution),
    Column("version", lambda one: one.version),
    Column("problem", lambda one: one.problem, shown=False),
    Column("remedy", lambda one: one.remedy, shown=False),
)


class PluginDoctor(Command):
    """Try out every plugin; tell why one is not used and how to mend it."""

    summary = "Tell why a plugin is not used, and how to mend it"
    details = (
        "Every plugin is looked at anew, each in a process of its own. The exit code is 1 when "
        "anything is wrong. OUTRIG_PLUGINS=off leaves out all but Outrig's own."
    )
    examples = (("outrig plugin doctor", "look at all of them"),)
    lists = True

    def handle(self) -> int:
        """Print how each plugin stands, in words what is wrong."""
        found = list(diagnose(load(rebuild=True)))
        bad = [one for one in found if one.problem]
        if self.output != "table" or self.text("format"):
            self.listing(found, COLUMNS)
            return int(bool(bad))
        for one in found:
            what = f"{one.kind} {one.name} ({one.distribution} {one.version})"
            self.line(f"problem  {what}: {one.problem}" if one.problem else f"ok       {what}")
            if one.remedy:
                self.line(f"         to do: {one.remedy}")
        return int(bool(bad))
