"""Puts a directory on a machine through paramiko: `sftp.py CONFIG HOST TARGET`, from the directory.

A connection of its own each time, with Nagle's algorithm off, which is the best plain paramiko has.
"""

from __future__ import annotations

import logging
import socket
import sys
from pathlib import Path


def main() -> int:
    """Send the working directory."""
    import paramiko

    config, host, target = sys.argv[1:]
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    found = paramiko.SSHConfig.from_path(config).lookup(host)
    connection = socket.create_connection((found["hostname"], int(found["port"])))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client = paramiko.SSHClient()
    client.load_host_keys(found["userknownhostsfile"])
    client.connect(
        found["hostname"],
        int(found["port"]),
        username=found["user"],
        key_filename=found["identityfile"],
        sock=connection,
    )
    with client, client.open_sftp() as sftp:
        for path in sorted(Path().rglob("*")):
            if path.is_dir():
                sftp.mkdir(f"{target}/{path}")
            else:
                sftp.put(str(path), f"{target}/{path}", confirm=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
