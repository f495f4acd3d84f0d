"""`bai info`, which is `session info` and `admin session info` too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Command, argument
from outrig_backendai.commands.completing import session_names
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.listing.printing import print_record
from outrig_backendai.listing.session_fields import FIELDS
from outrig_backendai.listing.sessions import one_session

if TYPE_CHECKING:
    from collections.abc import Iterable


class BaiInfo(Command):
    """Say everything about one session."""

    summary = "Say everything about one session"
    details = "Also about one that is over. What it uses is asked of its node."
    examples = (("bai info mysession", "by its name, or what its id begins with"),)
    arguments = (argument("name", "the session, by id or name"),)
    options = (OWNER,)

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Return the names of sessions."""
        return session_names(self, prefix) if name == "name" else ()

    def handle(self) -> int:
        """Print it."""
        compute = Compute(self.outrig)
        compute.settle()
        session = compute.find(self.word("name") or "", self.text("owner"), live=False)
        print_record(self, one_session(compute, session), FIELDS)
        return 0
