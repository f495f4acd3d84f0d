"""Compute sessions for commands: asked for, waited for, found, ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from outrig.errors import AuthError, ConflictError, NotFoundError
from outrig_backendai.compute.record import ComputeSession
from outrig_backendai.directory.database import Directory
from outrig_backendai.directory.identity import caller, caller_of

if TYPE_CHECKING:
    from outrig.api import Outrig, Session
    from outrig_backendai.compute.record import Kernel
    from outrig_backendai.compute.request import NewSession
    from outrig_backendai.directory.identity import Caller
    from outrig_backendai.place.record import Place

PROJECT = "backend.ai"
"""The project that the Outrig sessions of all kernels belong to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A session that was asked for; `created` is false for one that was there already."""

    session: ComputeSession
    created: bool


class Compute:
    """All that commands do with compute sessions. Methods raise `OutrigError` and never print."""

    def __init__(self, outrig: Outrig) -> None:
        self.outrig = outrig

    @cached_property
    def directory(self) -> Directory:
        """The embedded directory."""
        return Directory(self.outrig.state.directory)

    @cached_property
    def caller(self) -> Caller:
        """Who is asking."""
        return caller(self.directory)

    def owner_of(self, session: ComputeSession) -> Caller:
        """Return whose a session is, in its domain and group; raises `AuthError`."""
        keypair = self.directory.keypairs.get(session.access_key)
        if keypair is None:
            raise AuthError(f"there is no keypair {session.access_key} any more")
        owner = caller_of(self.directory, keypair)
        return replace(owner, domain=session.domain, group=session.group)

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)

    def create(self, wanted: NewSession) -> Created:
        """Put a session into the queue, or take the live one of that name; see `wait_started`."""
        from outrig_backendai.compute.creating import create

        return create(self, wanted)

    def wake(self) -> None:
        """Leave what waits to the scheduler in the background, if nobody works on it."""
        from outrig_backendai.compute.waking import wake

        wake(self)

    def wait_started(
        self, session: ComputeSession, max_wait_s: float | None = None
    ) -> ComputeSession:
        """Take turns at scheduling until the session runs, or has run; `None` waits for ever.

        Returns it PENDING when that takes longer than `max_wait_s` seconds; it stays in the queue.
        Raises `RemoteError` when it ends in ERROR, `ConflictError` when it was cancelled.
        """
        from outrig_backendai.compute.waiting import wait_started

        return wait_started(self, session, max_wait_s)

    def find(
        self, reference: str, owner: str | None = None, *, live: bool = True
    ) -> ComputeSession:
        """Return the one session whose id or name is, or begins with, `reference`.

        Of the caller, or of the access key `owner`. Without `live` those that are over count too.
        """
        from outrig_backendai.compute.finding import find

        return find(self, reference, owner, live=live)

    def end(self, session: ComputeSession, *, forced: bool = False) -> ComputeSession:
        """End a session: a waiting one is CANCELLED, others TERMINATED; returns its record."""
        from outrig_backendai.compute.ending import end

        return end(self, session, forced=forced)

    def settle(self, *, everywhere: bool = False) -> None:
        """Make the records tell the truth; `everywhere` asks other machines than this one too."""
        from outrig_backendai.compute.settling import settle

        settle(self, everywhere=everywhere)
        if self.directory.rows("SELECT 1 FROM execution WHERE NOT ended LIMIT 1"):
            from outrig_backendai.execution.background import tend

            tend(self)

    def outrig_session(self, session: ComputeSession, host: str = "main1") -> Session:
        """Return the Outrig session of a running session's kernel; raises `ConflictError`."""
        kernel = self.kernel(session, host)
        found = None
        if session.status.running and kernel.outrig_session_id is not None:
            found = self.outrig.state.sessions.get(kernel.outrig_session_id)
        if found is None:
            raise ConflictError(
                f'session "{session.name}" is {session.status.value}, not RUNNING',
                hint=f"how it stands: outrig bai info {session.name}",
            )
        return found

    def place(self, session: ComputeSession, host: str = "main1") -> Place:
        """Return what the inside of one of a session's kernels is."""
        from outrig_backendai.compute.placing import place_of

        return place_of(self, session, self.kernel(session, host))

    def kernel(self, session: ComputeSession, host: str) -> Kernel:
        """Return a session's kernel by its host name; raises `NotFoundError`."""
        found = next((one for one in session.kernels if one.host == host), None)
        if found is None:
            hosts = ", ".join(one.host for one in session.kernels)
            raise NotFoundError(f'session "{session.name}" has no host {host} (has: {hosts})')
        return found
