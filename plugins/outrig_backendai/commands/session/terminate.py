"""`bai terminate`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Command, argument, option
from outrig_backendai.commands.completing import session_names
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.commands.several import for_each_session
from outrig_backendai.compute.dependants import dependants

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute


class BaiTerminate(Command):
    """End sessions."""

    summary = "End sessions"
    details = (
        "A session that still waits in the queue is cancelled. One that is just starting, or in "
        "ERROR, is ended with --forced only. What is not in a mounted folder is gone."
    )
    examples = (
        ("bai rm mysession", "end one, by its name or what its id begins with"),
        ("bai rm -f mysession", "whatever it is doing"),
    )
    aliases = ("kill", "rm")
    arguments = (argument("sessid", "the sessions, by id or name", repeat=True),)
    options = (
        option("forced", "f", "whatever state it is in"),
        OWNER,
        option("stats", "s", "say what it used"),
        option("recursive", "r", "those that depend on it too"),
    )

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Return the names of sessions."""
        return session_names(self, prefix) if name == "sessid" else ()

    def handle(self) -> int:
        """End them all."""
        return for_each_session(self, self.argument_words("sessid"), self._end_with_others)

    def _end_with_others(self, compute: Compute, session: ComputeSession) -> None:
        also = dependants(compute, session) if self.flag("recursive") else []
        for one in (*also, session):
            self._end(compute, one)

    def _end(self, compute: Compute, session: ComputeSession) -> None:
        used = _used(compute, session) if self.flag("stats") else ""
        compute.end(session, forced=self.flag("forced"))
        if used:
            self.line(f"{session.name}: {used}")


def _used(compute: Compute, session: ComputeSession) -> str:
    """Return what a session has used until now, in words."""
    ids = [one.outrig_session_id for one in session.kernels if one.outrig_session_id]
    found = list(compute.outrig.usages(ids).values())
    cpu_s = sum(one.cpu_s for one in found)
    most_mib = max((one.peak_memory_bytes for one in found), default=0) >> 20
    return f"{cpu_s:.2f} s of CPU, at most {most_mib} MiB of memory"
