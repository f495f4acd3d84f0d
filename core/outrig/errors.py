"""Every error Outrig raises on purpose, and the exit code each one ends the tool with.

The message of an `OutrigError` is enough for the user: it says what is wrong, with which thing and
where. `hint` says what to do. Anything that is not an `OutrigError` is a bug and exits with 1.
"""

from __future__ import annotations


class OutrigError(Exception):
    """Something went wrong that the user can understand from the message alone."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(OutrigError):
    """The command line does not fit the command."""

    exit_code = 2


class ConflictError(UsageError):
    """What was asked for exists already, or is being changed by another process."""


class ConfigError(OutrigError):
    """A configuration file, a setting or an environment variable is wrong."""

    exit_code = 3


class ProjectError(ConfigError):
    """The project file or what it names is wrong; the message may have several lines."""


class NotFoundError(OutrigError):
    """A named session, snapshot, run, node or plugin does not exist."""

    exit_code = 4


class AuthError(OutrigError):
    """Credentials are missing, wrong or not sufficient."""

    exit_code = 5


class CapacityError(OutrigError):
    """No capacity or quota is left for what was asked; another candidate may have some."""

    exit_code = 6


class RemoteError(OutrigError):
    """A node, a store or the way to it failed."""

    exit_code = 7


class UnreachableError(RemoteError):
    """A node cannot be reached, or does not answer; what runs there goes on."""


class StoreError(RemoteError):
    """A snapshot store could not be read or written, or what it holds is damaged."""


class PluginError(OutrigError):
    """A plugin is missing, broken, or does not keep its contract."""

    exit_code = 8


class PolicyError(PluginError):
    """An extension vetoed the plan."""


class Interrupted(OutrigError):  # noqa: N818 - what it says is an event, not a fault
    """The user asked to stop."""

    exit_code = 130

    def __init__(self, message: str = "interrupted", *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
