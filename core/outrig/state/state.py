"""All records together."""

from __future__ import annotations

from outrig import paths
from outrig.state.database import Database
from outrig.state.events import Events
from outrig.state.journal import JournalTable
from outrig.state.projects import Projects
from outrig.state.runs import Runs
from outrig.state.sessions import Sessions


class State:
    """The tables of one state directory (the user's, where none is named)."""

    def __init__(self, directory: str | None = None) -> None:
        self.directory = directory or paths.state_dir()
        self.database = Database(self.directory)
        self.sessions = Sessions(self.database)
        self.runs = Runs(self.database)
        self.events = Events(self.database)
        self.projects = Projects(self.database)
        self.journal = JournalTable(self.database)
