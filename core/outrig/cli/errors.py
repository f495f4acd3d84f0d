"""How the tool ends when something goes wrong. Part of the start-up path."""

from __future__ import annotations

import os
import sys

from outrig.cli.terminal import clean, paint, send
from outrig.errors import Interrupted, OutrigError

OWN_FAILURE = 125
"""What commands that run the user's program exit with when Outrig itself fails."""
INTERRUPTED = 130
PIPE_CLOSED = 141


def report(
    error: BaseException, *, verbosity: int = 0, runs_commands: bool = False, about: str = ""
) -> int:
    """Tell the user about an error on stderr and return the exit code.

    `about` names what it befell, where that is one of several.

    An `OutrigError` is its message and its hint; anything else is a bug and says so. From
    verbosity 2 on the traceback is shown too. What `runs_commands` exits with 125 instead.
    """
    if isinstance(error, BrokenPipeError):
        return _pipe_closed()
    if verbosity >= 2:
        import traceback

        send(sys.stderr, clean(redacted("".join(traceback.format_exception(error)))))
    if isinstance(error, KeyboardInterrupt | Interrupted):
        say("outrig:", "yellow", str(error) or "interrupted")
        _hint(error)
        return INTERRUPTED
    code = 1
    if isinstance(error, OutrigError):
        code = error.exit_code
        for line in str(error).splitlines() or [type(error).__name__]:
            say("outrig: error:", "red", f"{about}: {line}" if about else line)
        _hint(error)
    elif isinstance(error, OSError) and error.strerror:
        where = f": {os.fsdecode(error.filename)}" if error.filename else ""
        say("outrig: error:", "red", f"{error.strerror}{where}")
        _drop_what_cannot_be_written()
    else:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        say("outrig: error:", "red", f"{what} (a bug in Outrig; -vv shows the traceback)")
    return OWN_FAILURE if runs_commands else code


def say(lead: str, colour: str, text: str) -> None:
    """Write a line with a coloured lead to stderr."""
    send(sys.stderr, f"{paint(lead, colour, sys.stderr)} {clean(redacted(text))}\n")


def redacted(text: str) -> str:
    """Return `text` without the secrets that settings have brought into this process."""
    module = sys.modules.get("outrig.redaction")
    return text if module is None else str(module.REDACTOR.redact(text))


def _hint(error: BaseException) -> None:
    hint = getattr(error, "hint", None)
    if hint:
        for line in str(hint).splitlines():
            say("outrig: hint:", "cyan", line)


def _drop_what_cannot_be_written() -> None:
    """Let Python not try again when it ends: it would exit with 120 and a message of its own."""
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
    except (ValueError, AttributeError):
        pass


def _pipe_closed() -> int:
    """Leave quietly: whoever read our output has had enough (`| head`)."""
    _drop_output()
    return PIPE_CLOSED


def _drop_output() -> None:
    try:
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        pass
