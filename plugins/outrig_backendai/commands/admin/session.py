"""`bai admin session`: the list of 20.09's guide, or one session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Command, argument
from outrig_backendai.commands.completing import session_names
from outrig_backendai.commands.listing.session_list import OPTIONS, print_sessions
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.listing.printing import print_record
from outrig_backendai.listing.session_fields import FIELDS
from outrig_backendai.listing.sessions import one_session

if TYPE_CHECKING:
    from collections.abc import Iterable


class BaiAdminSession(Command):
    """Say everything about one session, or list them."""

    summary = "Say everything about one session, or list them"
    details = "With an id or a name it is `bai info`, without one `bai ps`."
    examples = (
        ("bai admin session mysession", "one of them"),
        ("bai admin session --format id,status,cpu_using", "the list, with some fields"),
    )
    arguments = (argument("id_or_name", "the session, by id or name", required=False),)
    options = (OWNER, *OPTIONS)

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Return the names of sessions."""
        return session_names(self, prefix) if name == "id_or_name" else ()

    def handle(self) -> int:
        """Print it, or them."""
        compute = Compute(self.outrig)
        reference = self.word("id_or_name")
        if reference is None:
            print_sessions(self, compute)
            return 0
        compute.settle()
        session = compute.find(reference, self.text("owner"), live=False)
        print_record(self, one_session(compute, session), FIELDS)
        return 0
