"""How commands that work on sessions name them: `NAME`, `--name PATTERN`, or the one used last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.definition import argument, option
from outrig.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.cli.command import Command
    from outrig.engine import Outrig
    from outrig.model.session import Session

NAME_OPTION = option(
    "name", "n", "the session, or a shell pattern (default: the one used last)", value="PATTERN"
)
LONG_NAME_OPTION = option(
    "name", None, "the session, or a shell pattern (default: the one used last)", value="PATTERN"
)
"""Without `-n`: commands that run words as they are must not take `echo -n` apart."""
NAME_ARGUMENT = argument("session", "the session (default: the one used last)", required=False)


def asked_name(command: Command) -> str | None:
    """Return the name or pattern the user gave, as an argument or with `--name`."""
    word = command.word("session") if command.definition.has_argument("session") else None
    name = command.text("name") if command.definition.has_option("name") else None
    if word is not None and name is not None and word != name:
        raise UsageError(f"two names were given: {word} and --name {name}")
    return name if word is None else word


def asked_sessions(command: Command) -> Sequence[Session]:
    """Return the sessions the user named; raises `NotFoundError`."""
    return command.outrig.find(command.outrig.here(), asked_name(command))


def asked_session(command: Command) -> Session:
    """Return the one session the user named; raises `NotFoundError`."""
    return command.outrig.find_one(command.outrig.here(), asked_name(command))


def known_session(outrig: Outrig, project: str | None, name: str | None) -> Session:
    """Return the one session a pattern names, else the last of that very name that has ended.

    Raises `NotFoundError`.
    """
    try:
        return outrig.find_one(project, name)
    except NotFoundError:
        ended = outrig.sessions(project, ended=True)
        found = [one for one in ended if name is None or one.name == name]
        if not found:
            raise
        return found[0]
