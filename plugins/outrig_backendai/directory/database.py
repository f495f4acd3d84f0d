"""The directory: a database of its own beside Outrig's records, opened when first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from outrig.api import Database
from outrig_backendai.directory.schema import MIGRATIONS

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from sqlite3 import Connection

    from outrig_backendai.directory.agents import Agents
    from outrig_backendai.directory.events import Events
    from outrig_backendai.directory.executions import Executions
    from outrig_backendai.directory.images import Images
    from outrig_backendai.directory.keypairs import Keypairs
    from outrig_backendai.directory.members import Members
    from outrig_backendai.directory.policies import Policies
    from outrig_backendai.directory.scaling_groups import ScalingGroups
    from outrig_backendai.directory.sessions import Sessions

NAME = "backendai.sqlite"


class Directory:
    """All that is recorded for the command set, in one state directory; parts as properties.

    What is there from the beginning (domain, group, user, keypair, policy) is made at first use.
    """

    def __init__(self, state_directory: str) -> None:
        self.state_directory = state_directory

    @cached_property
    def database(self) -> Database:
        """The open database."""
        from outrig_backendai.directory.beginnings import begin

        database = Database(self.state_directory, NAME, MIGRATIONS)
        begin(database)
        return database

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return all rows of a query."""
        return self.database.read(query, *values)

    def write(self) -> AbstractContextManager[Connection]:
        """Return a transaction; others that write wait meanwhile."""
        return self.database.write()

    def close(self) -> None:
        """Close the database, if it is open."""
        if "database" in self.__dict__:
            self.database.close()
            del self.__dict__["database"]

    def __enter__(self) -> Directory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def members(self) -> Members:
        """Domains, groups, users, and who is in which."""
        from outrig_backendai.directory.members import Members

        return Members(self)

    @cached_property
    def keypairs(self) -> Keypairs:
        """Keypairs."""
        from outrig_backendai.directory.keypairs import Keypairs

        return Keypairs(self)

    @cached_property
    def policies(self) -> Policies:
        """What keypairs may use."""
        from outrig_backendai.directory.policies import Policies

        return Policies(self)

    @cached_property
    def scaling_groups(self) -> ScalingGroups:
        """Named sets of agents."""
        from outrig_backendai.directory.scaling_groups import ScalingGroups

        return ScalingGroups(self)

    @cached_property
    def agents(self) -> Agents:
        """Where kernels run."""
        from outrig_backendai.directory.agents import Agents

        return Agents(self)

    @cached_property
    def sessions(self) -> Sessions:
        """Compute sessions."""
        from outrig_backendai.directory.sessions import Sessions

        return Sessions(self)

    @cached_property
    def events(self) -> Events:
        """What happened to sessions."""
        from outrig_backendai.directory.events import Events

        return Events(self)

    @cached_property
    def executions(self) -> Executions:
        """What `run` does in many sessions."""
        from outrig_backendai.directory.executions import Executions

        return Executions(self)

    @cached_property
    def images(self) -> Images:
        """What agents have to run code in, and other names for it."""
        from outrig_backendai.directory.images import Images

        return Images(self)
