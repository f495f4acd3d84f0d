"""What OpenSSH says when it fails, as one line and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outrig.errors import AuthError, RemoteError, UnreachableError

if TYPE_CHECKING:
    from outrig.errors import OutrigError

NO_COMMAND = 127
_NOISE = re.compile(
    r"^(Warning: Permanently added|@+|mux_client|Pseudo-terminal|ControlSocket |\*\* )"
)
_KEYSCAN = "check its fingerprint, connect once with ssh, or give --host-key SHA256:…"


class HostKeyError(AuthError):
    """A host shows a key that nobody vouches for."""


class ChangedKeyError(HostKeyError):
    """A host shows another key than is known."""


class NoPythonError(RemoteError):
    """A host has no Python that could run the node program."""


def explain(name: str, text: str) -> OutrigError:
    """Turn what ssh wrote to standard error into the error to raise."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not _NOISE.match(line)]
    whole = " ".join(lines)
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in text or "has changed and you have" in text:
        return _changed(name, lines)
    if "Host key verification failed" in whole or "host key is known" in whole:
        return HostKeyError(f"{name}: its host key is not known", hint=_KEYSCAN)
    if "Permission denied" in whole or "Too many authentication failures" in whole:
        last = next(line for line in reversed(lines) if "enied" in line or "Too many" in line)
        return AuthError(
            f"{name}: {last}",
            hint="give the key (--ssh-key-file), or to ssh-agent, or set it in ~/.ssh/config",
        )
    reason = lines[-1] if lines else "ssh ended without a word"
    return UnreachableError(f"{name}: cannot be reached: {reason}", hint=f"try: ssh {name}")


def _changed(name: str, lines: list[str]) -> ChangedKeyError:
    shown = next((line.rstrip(".") for line in lines if line.startswith("SHA256:")), "")
    place = next((line for line in lines if line.startswith("Offending")), "")
    text = f"{name}: its host key has changed"
    text += f": it shows {shown}" if shown else ""
    where = place.partition(" key in ")[2]
    return ChangedKeyError(
        text,
        hint="somebody may be in between; if the host was made anew, remove its line from "
        f"{where or 'known_hosts'}",
    )


def is_no_python(text: str, python: str) -> bool:
    """Tell whether a shell said that it does not find the interpreter."""
    line = text.splitlines()[-1] if text else ""
    return python.rpartition("/")[2] in line and (
        "not found" in line or "No such file" in line or "nknown command" in line
    )


def no_python(name: str, python: str) -> NoPythonError:
    """Return the error that says so."""
    return NoPythonError(
        f"{name}: there is no {python} on the host",
        hint="install Python 3.8 or newer there, or name one with --ssh-python",
    )
