"""What an instance is told by its metadata: whom to let in, how it shows who it is, when it ends.

Not by cloud-init, which many of Google's images do not have: the guest agent and its startup script
are in all of them.
"""

from __future__ import annotations

import base64
import shlex
from typing import TYPE_CHECKING

from outrig.cloud.ending import ending_files

if TYPE_CHECKING:
    from outrig.api import Lifetime

USER = "ubuntu"
"""Whom the agent lets in, and makes where there is none."""
_LOOK = """\
URL = "http://169.254.169.254/computeMetadata/v1/instance/preempted"


def look():
    said = ask(URL, {"Metadata-Flavor": "Google"})
    return b'{"action": "delete"}' if said.strip() == b"TRUE" else b""
"""


def metadata(user: str, login: str, lifetime: Lifetime, *, spot: bool) -> dict[str, str]:
    """Return the metadata of a new instance, by key; `login` is the public key to let in.

    Keys of the whole project are kept out. The agent publishes the host keys, which the machine
    makes itself, as guest attributes: only this project can write and read those.
    """
    return {
        "ssh-keys": f"{user}:{login}",
        "block-project-ssh-keys": "TRUE",
        "enable-oslogin": "FALSE",  # else keys in the metadata are not looked at
        "enable-guest-attributes": "TRUE",
        "outrig-user": user,
        "startup-script": _script(lifetime, spot=spot),
    }


def _script(lifetime: Lifetime, *, spot: bool) -> str:
    """Return what runs at every start; it may run again and again."""
    files, units = ending_files(lifetime, _LOOK if spot else None)
    lines = ["#!/bin/sh", "umask 022"]
    for path, content in files.items():
        data = base64.b64encode(content.encode()).decode("ascii")
        where, name = shlex.quote(path.rpartition("/")[0]), shlex.quote(path)
        lines.append(f"mkdir -p {where} && echo {data} | base64 -d > {name}")
    lines += ["systemctl daemon-reload", f"systemctl enable --now {' '.join(units)}"]
    return "\n".join(lines) + "\n"
