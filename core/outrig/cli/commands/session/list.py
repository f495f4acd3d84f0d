"""`outrig session list`"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from outrig.cli.any_style import session_lines, session_story
from outrig.cli.choosing import known_session
from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.listing import Column
from outrig.state.overview import SessionSummary, last_used, unfinished_sweeps

if TYPE_CHECKING:
    from outrig.session.usage import SessionUsage
    from outrig.state.overview import CloudNodes

_SHOWN_CHARACTERS = 40


class _Row(NamedTuple):
    session: SessionSummary
    active: bool
    usage: SessionUsage | None = None

    @property
    def age_s(self) -> float:
        """How long ago it was made."""
        return (datetime.now(UTC) - self.session.created_at).total_seconds()

    @property
    def cloud(self) -> CloudNodes | None:
        """The nodes that were made for it."""
        return self.session.cloud

    @property
    def usd(self) -> float | None:
        """What those have cost so far."""
        usd = self.cloud.usd(datetime.now(UTC)) if self.cloud else None
        return None if usd is None else round(usd, 4)

    @property
    def run(self) -> str:
        """What runs now, shortened."""
        text = (self.session.script or "").strip()
        more = self.session.unfinished_runs - 1
        shown = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
        return f"{shown} (+{more})" if more > 0 else shown


COLUMNS: tuple[Column[_Row], ...] = (
    Column("active", lambda row: row.active, title=" ", unit="mark"),
    Column("name", lambda row: row.session.name),
    Column("state", lambda row: row.session.state),
    Column("provider", lambda row: row.session.provider),
    Column("project", lambda row: row.session.project_name),
    Column("run", lambda row: row.run),
    Column("created", lambda row: row.session.created_at),
    Column("used", lambda row: row.session.used_at),
    Column("error", lambda row: row.session.error, shown=False),
    Column("root", lambda row: row.session.root, shown=False),
    Column("snapshot", lambda row: row.session.snapshot_id, shown=False),
    Column("id", lambda row: row.session.id, shown=False),
)
CLOUD: tuple[Column[_Row], ...] = (
    Column("zone", lambda row: row.cloud.zone if row.cloud else None),
    Column("type", lambda row: row.cloud.type if row.cloud else None),
    Column(
        "usd_per_hour", lambda row: row.cloud.usd_per_hour if row.cloud else None, title="USD/H"
    ),
    Column("usd", lambda row: row.usd, title="USD SO FAR"),
)
"""Of nodes that a cloud made; a table has those of them in which there is something to show."""
DETAIL: tuple[Column[_Row], ...] = (
    Column("age", lambda row: row.age_s, unit="seconds"),
    Column("idle", lambda row: row.usage.idle_s if row.usage else None, unit="seconds"),
    Column("cpu", lambda row: row.usage.cpu_s if row.usage else None, unit="seconds"),
    Column("memory", lambda row: row.usage.memory_bytes if row.usage else None, unit="bytes"),
    Column(
        "peak_memory",
        lambda row: row.usage.peak_memory_bytes if row.usage else None,
        unit="bytes",
    ),
)


class SessionList(Command):
    """List the sessions of the project, or of all projects outside one."""

    summary = "List sessions; * marks the one commands use when none is named"
    details = (
        "Inside a project its own sessions are listed, elsewhere all. With --name, the snapshots "
        "that were put on one session and the commands that were run in it are shown."
    )
    examples = (
        ("outrig session list", "the sessions of this project"),
        ("outrig session list --all --output json", "ended ones too, as JSON"),
        ("outrig session list --detail", "with what each uses, and since when it is idle"),
        ("outrig session list --name train", "what happened in one session"),
    )
    options = (
        option("all", "a", "show ended sessions too"),
        option("all-projects", None, "show the sessions of all projects"),
        option("name", "n", "show one session's snapshots and commands", value="NAME"),
        option("detail", None, "ask the nodes for cpu, memory and idle time, and show them"),
        option("refresh", None, "ask the nodes how runs stand"),
    )
    lists = True
    styles = ("any",)

    def handle(self) -> int:
        """Print the list."""
        outrig = self.outrig
        project = None if self.flag("all-projects") else outrig.here()
        name = self.text("name")
        if name is not None:
            for line in session_story(outrig, known_session(outrig, project, name)):
                self.line(line)
            return 0
        if self.flag("refresh"):
            for session in outrig.sessions(project):
                outrig.bring_up_to_date(session)
        if unfinished_sweeps(outrig.state.database):
            outrig.sweeps.tend()
        sessions = outrig.overview(project, ended=self.flag("all"))
        active = last_used(sessions)
        if self.output == "any":
            for line in session_lines(sessions, active):
                self.line(line)
            return 0
        detail = self.flag("detail")
        usages = outrig.usages([one.id for one in sessions]) if detail else {}
        rows = [
            _Row(one, active is not None and one.id == active.id, usages.get(one.id))
            for one in sessions
        ]
        cloud = [replace(one, shown=any(one.get(row) is not None for row in rows)) for one in CLOUD]
        columns = (*COLUMNS[:5], *cloud, *COLUMNS[5:], *(DETAIL if detail else ()))
        self.listing(rows, columns, empty="no sessions")
        return 0
