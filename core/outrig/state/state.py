"""All records together. Tables are imported when first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from outrig import paths
from outrig.state.database import Database

if TYPE_CHECKING:
    from outrig.state.events import Events
    from outrig.state.journal import JournalTable
    from outrig.state.projects import Projects
    from outrig.state.runs import Runs
    from outrig.state.sessions import Sessions
    from outrig.state.sweeps import Sweeps


class State:
    """The tables of one state directory (the user's, where none is named)."""

    def __init__(self, directory: str | None = None) -> None:
        self.directory = directory or paths.state_dir()
        self.database = Database(self.directory)

    @cached_property
    def owner(self) -> str:
        """The id that everything made outside carries; raises `ConfigError`."""
        from outrig.state.owner import owner_id

        return owner_id(self.directory)

    @cached_property
    def sessions(self) -> Sessions:
        """Sessions, and the snapshots put on them."""
        from outrig.state.sessions import Sessions

        return Sessions(self.database)

    @cached_property
    def runs(self) -> Runs:
        """Runs."""
        from outrig.state.runs import Runs

        return Runs(self.database)

    @cached_property
    def events(self) -> Events:
        """Events."""
        from outrig.state.events import Events

        return Events(self.database)

    @cached_property
    def projects(self) -> Projects:
        """Known projects."""
        from outrig.state.projects import Projects

        return Projects(self.database)

    @cached_property
    def journal(self) -> JournalTable:
        """Outside resources."""
        from outrig.state.journal import JournalTable

        return JournalTable(self.database)

    @cached_property
    def sweeps(self) -> Sweeps:
        """Sweeps and their cases."""
        from outrig.state.sweeps import Sweeps

        return Sweeps(self.database)
