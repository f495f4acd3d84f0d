"""The command line that starts Python at the other end of SSH, whatever shell reads it."""

from __future__ import annotations

import base64
import re
import shlex

_PLAIN = re.compile(r"[A-Za-z0-9_./:=@%+,-]+")


def remote_command(python: str, arguments: tuple[str, ...]) -> str:
    """Return one line for the login shell of a node, be it sh, fish or csh.

    The program text after `-c` goes as base64, as no quoting of newlines is right in every shell.
    """
    words = [python]
    for before, word in zip(("", *arguments), arguments, strict=False):
        words.append(_packed(word) if before == "-c" else word)
    return "exec " + " ".join(
        word if _PLAIN.fullmatch(word) else shlex.quote(word) for word in words
    )


def _packed(program: str) -> str:
    text = base64.b64encode(program.encode()).decode("ascii")
    return f'exec(__import__("base64").b64decode("{text}"))'
