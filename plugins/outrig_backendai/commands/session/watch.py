"""`bai watch`"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from outrig.api import Command, argument, interruptible, option
from outrig.errors import ConflictError, UsageError
from outrig_backendai.commands.completing import session_names
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.compute.record import Result, SessionStatus
from outrig_backendai.compute.sessions import Compute

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.directory.events import Happened


class BaiWatch(Command):
    """Follow a session until it has ended, and exit as its command did."""

    summary = "Follow a session until it has ended"
    details = (
        "The exit code is that of a batch session's command. When --max-wait is over the session "
        "goes on, and the exit code is 125."
    )
    examples = (
        ("bai watch mytask", "until it has ended"),
        ("bai watch --max-wait 60 mytask", "for a minute at most"),
    )
    arguments = (argument("session", "the session, by id or name"),)
    options = (
        OWNER,
        option("scope", None, "whose events", choices=("*", "session", "kernel"), default="*"),
        option("max-wait", None, "for how long", value="SECONDS", type=int, default=0),
    )
    runs_commands = True

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Return the names of sessions."""
        return session_names(self, prefix) if name == "session" else ()

    def handle(self) -> int:
        """Print what happens; returns the exit code of its command."""
        from outrig_backendai.compute.listening import listen

        compute = Compute(self.outrig)
        session = compute.find(self.word("session") or "", self.text("owner"), live=False)
        seconds = self.value("max-wait", int) or 0
        if seconds < 0:
            raise UsageError(f"--max-wait {seconds} is less than 0")
        deadline = time.monotonic() + seconds if seconds else None
        with interruptible(self.outrig):
            for event in listen(compute, session, deadline):
                if self.text("scope") in ("*", event.scope):
                    self._say(event)
        return self._ended(compute.directory.sessions.now(session))

    def _say(self, event: Happened) -> None:
        reason = f": {event.data['reason']}" if event.data.get("reason") else ""
        if self.output == "json":
            self.line(json.dumps({"event": event.name, **event.data}, ensure_ascii=False))
        else:
            self.line(f"{event.time.astimezone():%H:%M:%S} {event.name}{reason}")
        self.flush()

    def _ended(self, session: ComputeSession) -> int:
        if session.status.live:
            raise ConflictError(f'session "{session.name}" is {session.status.value} still')
        if session.exit_code is not None:
            return session.exit_code
        if session.result is Result.FAILURE or session.status is not SessionStatus.TERMINATED:
            raise ConflictError(
                f'session "{session.name}" is {session.status.value}: {session.status_info}'
            )
        return 0
