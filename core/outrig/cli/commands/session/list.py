"""`outrig session list`"""

from __future__ import annotations

from dataclasses import dataclass

from outrig.cli.any_style import session_lines, session_story
from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.listing import Column
from outrig.model.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    session: Session
    active: bool
    run: str


COLUMNS: tuple[Column[_Row], ...] = (
    Column("active", lambda row: "*" if row.active else "", title=" "),
    Column("name", lambda row: row.session.name),
    Column("state", lambda row: row.session.state),
    Column("provider", lambda row: row.session.provider),
    Column("project", lambda row: row.session.project_name),
    Column("run", lambda row: row.run),
    Column("created", lambda row: row.session.created_at),
    Column("used", lambda row: row.session.used_at),
    Column("error", lambda row: row.session.error, shown=False),
    Column("root", lambda row: str(row.session.project_root), shown=False),
    Column("snapshot", lambda row: row.session.snapshot_id, shown=False),
    Column("id", lambda row: row.session.id, shown=False),
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
        ("outrig session list --name train", "what happened in one session"),
    )
    options = (
        option("all", "a", "show ended sessions too"),
        option("all-projects", None, "show the sessions of all projects"),
        option("name", "n", "show one session's snapshots and commands", value="NAME"),
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
            for line in session_story(outrig, outrig.find_one(project, name)):
                self.line(line)
            return 0
        sessions = outrig.sessions(project, ended=self.flag("all"))
        live = [one for one in sessions if not one.state.ended]
        active = max(live, key=lambda one: (one.used_at, one.id), default=None)
        if self.output == "any":
            for line in session_lines(sessions, active):
                self.line(line)
            return 0
        rows = [self._row(one, active) for one in sessions]
        self.listing(rows, COLUMNS, empty="no sessions")
        return 0

    def _row(self, session: Session, active: Session | None) -> _Row:
        if self.flag("refresh") and not session.state.ended:
            self.outrig.refresh(session)
        runs = self.outrig.state.runs.of_session(session.id, unfinished=True)
        text = runs[-1].script.strip() if runs else ""
        more = f" (+{len(runs) - 1})" if len(runs) > 1 else ""
        shown = text if len(text) <= 40 else text[:39] + "…"
        return _Row(
            session=session,
            active=active is not None and active.id == session.id,
            run=shown + more,
        )
