"""What `ps` and `admin session` both do: the list of sessions, as their options ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import option
from outrig_backendai.commands.list_options import PAGED
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.listing.field import chosen_fields
from outrig_backendai.listing.page import SHOWN
from outrig_backendai.listing.printing import print_page
from outrig_backendai.listing.session_fields import DETAIL, FIELDS, NAME, OWNER, USUAL
from outrig_backendai.listing.sessions import DEAD, RUNNING, SessionQuery, list_sessions
from outrig_backendai.listing.sessions import USUAL as USUAL_STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import Command
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.listing.field import Field
    from outrig_backendai.listing.session_fields import ListedSession

ALL = "ALL"
EMPTY = "There are no matching sessions."
OPTIONS = (
    option(
        "status",
        "s",
        "those in one status only, or in any",
        choices=(*(one.value for one in SessionStatus), "BUILDING", ALL),
    ),
    option("access-key", None, "those of another owner; '*': of all", value="ACCESS_KEY"),
    option("running", None, "those that run, or are about to"),
    option("dead", None, "those that are over"),
    option("name-only", None, "names only, one per line"),
    option("detail", None, "say more about each, also what it uses"),
    option("format", "f", "the fields to show, commas between", value="FIELDS"),
    option("plain", None, "no headings and no lines"),
    option("all", "a", "all of them, on a terminal in pages"),
    *PAGED,
)


def print_sessions(command: Command, compute: Compute) -> None:
    """Print the sessions that a command's options ask for."""
    fields = _fields(command, is_admin=compute.caller.is_superadmin)
    limit = command.value("limit", int)
    everything = command.flag("all") or command.output == "json"
    query = SessionQuery(
        statuses=_statuses(command),
        access_key=command.text("access-key"),
        filter=command.text("filter"),
        order=command.text("order"),
        offset=command.value("offset", int) or 0,
        limit=limit if limit is not None or everything else SHOWN,
        fields=fields,
    )
    page = list_sessions(compute, query)
    plain = command.flag("plain") or (command.flag("name-only") and not command.text("format"))
    hint = "" if limit is not None else "to see them: --all"
    print_page(command, page, fields, empty=EMPTY, plain=plain, hint=hint)


def _statuses(command: Command) -> Sequence[SessionStatus]:
    """Return the states to list; of several options the last of this order counts."""
    asked = command.text("status")
    if asked == ALL:
        return tuple(SessionStatus)
    if command.flag("dead"):
        return DEAD
    if command.flag("running"):
        return RUNNING
    if asked is not None:
        return [one for one in SessionStatus if one.value == asked]
    return USUAL_STATUSES


def _fields(command: Command, *, is_admin: bool) -> Sequence[Field[ListedSession]]:
    asked = command.text("format")
    if asked is not None:
        return chosen_fields(FIELDS, asked)
    if command.flag("name-only"):
        return NAME
    owner = OWNER if is_admin else ()
    return (*NAME, *owner, *USUAL, *(DETAIL if command.flag("detail") else ()))
