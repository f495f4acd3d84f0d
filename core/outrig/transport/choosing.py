"""Which transport leads to a node."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from outrig.errors import ConfigError
from outrig.transport.local import LocalTransport

if TYPE_CHECKING:
    from outrig.model.node import Endpoint
    from outrig.transport.base import Transport

OPENSSH, PARAMIKO, AUTO = "openssh", "paramiko", "auto"


def transport_for(endpoint: Endpoint) -> Transport:
    """Return the way to reach a node program; raises `ConfigError`."""
    if endpoint.host is None:
        return LocalTransport(endpoint.python)
    kind, _ = chosen(endpoint.transport)
    if kind == OPENSSH:
        from outrig.transport.openssh import OpenSshTransport

        return OpenSshTransport(endpoint)
    from outrig.transport.native import ParamikoTransport

    return ParamikoTransport(endpoint)


def ssh_transport(wanted: str) -> str:
    """Say which transport is used for SSH when `wanted` is asked for, and why; `ConfigError`."""
    return chosen(wanted)[1]


def chosen(wanted: str) -> tuple[str, str]:
    """Return the transport that is used for SSH, and why; raises `ConfigError`."""
    if wanted not in (OPENSSH, PARAMIKO, AUTO):
        raise ConfigError(f"there is no transport {wanted!r}", hint="openssh, paramiko or auto")
    ssh = shutil.which("ssh")
    if wanted == PARAMIKO:
        return PARAMIKO, "paramiko, as asked for: ~/.ssh/config is not read as a whole"
    if ssh is None and wanted == OPENSSH:
        raise ConfigError("transport openssh: there is no ssh on PATH", hint="install OpenSSH")
    if ssh is None:
        return PARAMIKO, "paramiko, as there is no ssh on PATH"
    return OPENSSH, f"openssh ({ssh}): ~/.ssh/config, agent, jump hosts and certificates count"
