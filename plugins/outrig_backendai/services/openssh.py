"""OpenSSH's own programs, led into a session: a server here, and what they are told of it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from outrig_backendai.services.keys import ID_FILE, session_keys
from outrig_backendai.services.serving import ssh_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

HERE = "127.0.0.1"


@contextlib.contextmanager
def served_openssh(
    compute: Compute, session: ComputeSession, port: int
) -> Iterator[tuple[int, list[str]]]:
    """Serve a session's SSH, and give the port and the options of ssh and scp that lead there.

    Its key and host key are in files that go when the block ends; nothing of the user's is changed.
    """
    keys = session_keys(compute.outrig.state.directory, session.id)
    with tempfile.TemporaryDirectory(prefix="outrig-ssh-") as directory:
        private, known = Path(directory) / ID_FILE, Path(directory) / "known_hosts"
        descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as target:
            target.write(keys.user_private)
        known.write_text(f"{session.id} {keys.host_public}\n")
        with ssh_server(compute, session, HERE, port) as taken:
            yield (
                taken,
                [
                    *("-o", f"IdentityFile={private}"),
                    *("-o", "IdentitiesOnly=yes"),
                    *("-o", f"UserKnownHostsFile={known}"),
                    *("-o", f"HostKeyAlias={session.id}"),
                    *("-o", "StrictHostKeyChecking=yes"),
                    *("-o", "CheckHostIP=no"),
                    *("-o", "UpdateHostKeys=no"),
                    *("-o", "ControlPath=none"),
                    *("-o", "ProxyCommand=none"),
                ],
            )
