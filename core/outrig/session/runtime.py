"""What every engine function needs: the records, the plugins, and somebody to tell."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outrig.errors import OutrigError, PluginError
from outrig.interfaces import Provider, WithExecution
from outrig.model.attendant import Attendant
from outrig.session.context import EngineContext
from outrig.session.lock import session_lock
from outrig.state.journal import SessionJournal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from outrig.model.node import Node
    from outrig.model.session import Event, Session, SessionState
    from outrig.plugins import Hooks
    from outrig.session.cancel import Cancel
    from outrig.session.observer import Observer
    from outrig.state.state import State


def utc_now() -> datetime:
    """Return the time now, in UTC."""
    return datetime.now(UTC)


def _said(text: str) -> str:
    """Return a cloud's notice in words: `terminate at 2026-01-02T03:04:05Z`."""
    try:
        found = json.loads(text)
        return f"{found['action']} at {found['time']}"
    except (ValueError, TypeError, KeyError):
        return text[:200]


class EngineAttendant(Attendant):
    """Passes a provider's trouble on to the observer, and heeds the user's wish to stop."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def say(self, text: str) -> None:
        """Tell the observer."""
        self._runtime.observer.notice(text)

    def notice(self, node: Node, text: str) -> None:
        """Record it as an event of the node's session, once, and tell the observer."""
        runtime, message = self._runtime, f"{node.id} is about to be taken back: {_said(text)}"
        for session in runtime.state.sessions.select():
            if node.id not in [one.id for one in session.nodes]:
                continue
            known = [one.message for one in runtime.state.events.of_session(session.id)]
            if message not in known:
                runtime.record(session, "node.notice", message)
                runtime.observer.notice(f"{session.name}: {message}")

    def pause(self, seconds: float) -> None:
        """Wait; raises `Interrupted`."""
        self._runtime.cancel.wait(seconds)
        self._runtime.cancel.check()


class Runtime:
    """One engine at work. Engine functions take it first; threads may share it."""

    def __init__(
        self,
        state: State,
        hooks: Hooks,
        observer: Observer,
        cancel: Cancel,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.state = state
        self.hooks = hooks
        self.observer = observer
        self.cancel = cancel
        self.clock = clock

    def provider(self, session: Session) -> Provider:
        """Return the session's provider; raises `PluginError`."""
        found = self.hooks.provider(session.provider, session.settings)
        found.attendant = EngineAttendant(self)
        return found

    def executor(self, session: Session) -> WithExecution:
        """Return the session's provider as one that runs things; raises `PluginError`."""
        provider = self.provider(session)
        if not isinstance(provider, WithExecution):
            raise PluginError(f'provider "{session.provider}" cannot run commands')
        return provider

    def context(self, session: Session, step: str) -> EngineContext:
        """Return what a hook of the session's provider is given."""
        return EngineContext(
            self.provider(session).settings,
            SessionJournal(self.state.journal, session.provider, session.id),
            step=step,
            observer=self.observer,
            cancel=self.cancel.here(),
            session=session,
        )

    def record(
        self,
        session: Session,
        kind: str,
        message: str,
        *,
        run_id: str | None = None,
        duration_s: float | None = None,
    ) -> Event:
        """Record an event, and tell the observer and all extensions."""
        event = self.state.events.add(
            session.id,
            kind,
            message,
            time=self.clock(),
            run_id=run_id,
            duration_s=duration_s,
        )
        self.observer.event(session, event)
        self.hooks.session_event(event, self.context(session, kind))
        return event

    def record_runs(self, session: Session, kind: str, messages: Mapping[str, str]) -> None:
        """Record an event of that kind for each run, by its id, and tell who listens."""
        if not messages:
            return
        events = self.state.events.add_of_runs(session.id, kind, messages, time=self.clock())
        context = self.context(session, kind)
        for event in events:
            self.observer.event(session, event)
            self.hooks.session_event(event, context)

    def move(self, session: Session, to: SessionState, **fields: object) -> Session:
        """Change a session's state (as the table allows) and fields; returns the new record."""
        from outrig.session.states import COSTING, change_session

        def change(now: Session) -> Session:
            after: Session = replace(now, state=change_session(now.state, to), **fields)  # type: ignore[arg-type]
            over = to not in COSTING and now.billed_since is not None
            if "nodes" not in fields and not over:
                return after
            bill = now.billed(self.clock(), () if over else after.nodes)
            return replace(after, spent_usd=bill.spent_usd, billed_since=bill.billed_since)

        return self.state.sessions.change(session.id, change)

    def touch(self, session: Session) -> Session:
        """Make a session the one used last."""
        now = self.clock()
        return self.state.sessions.change(session.id, lambda one: replace(one, used_at=now))

    @contextmanager
    def hold(self, session: Session) -> Iterator[Session]:
        """Let no other process change a session's life meanwhile; gives its record as it now is.

        Raises `Interrupted` while waiting for another process.
        """
        text = f"waiting for another process that uses {session.name}"
        with session_lock(
            self.state.directory, session.id, self.cancel, lambda: self.observer.notice(text)
        ):
            yield self.state.sessions.get(session.id) or session

    @contextmanager
    def step(self, session: Session, name: str) -> Iterator[None]:
        """Record how long a step took, or why it failed."""
        self.cancel.check()
        begin = time.monotonic()
        try:
            yield
        except OutrigError as err:
            self.record(session, f"{name}.failed", str(err), duration_s=time.monotonic() - begin)
            raise
        self.record(session, f"{name}.done", name, duration_s=time.monotonic() - begin)
