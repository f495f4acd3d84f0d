"""Handing the terminal to ssh, scp and sftp."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

from outrig.cli.definition import option
from outrig.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.model.node import Login

ON_OPTION = option(
    "on", None, "which node: head, a rank or a node's name", value="NODE", default="head"
)


def hand_over(program: str, words: Sequence[str]) -> int:
    """Run a program on our terminal and return its exit code; Ctrl-C is for it alone."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = subprocess.call([program, *words], preexec_fn=_heed_interrupts)
    except OSError as err:
        raise RemoteError(
            f"cannot start {program}: {err.strerror}", hint="it is part of OpenSSH"
        ) from err
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def remote_place(login: Login, path: str) -> str:
    """Return a path below the session's directory as scp writes it."""
    host = f"[{login.host}]" if ":" in login.host else login.host
    return f"{host}:{login.directory}/{path}"
