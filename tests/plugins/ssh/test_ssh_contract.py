"""The provider `ssh` keeps the contract, over OpenSSH and over paramiko alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from outrig.testing.providers import ProviderContract
from outrig_ssh.provider import SshProvider
from outrig_ssh.settings import SshSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.testing.machines import Machine
    from tests.plugins.ssh.conftest import Lab


class OverSsh(ProviderContract):
    """The whole contract, on a host of its own world."""

    transport: Literal["openssh", "paramiko"]

    @pytest.fixture
    def provider(self, lab: Lab, host: Machine) -> Iterator[SshProvider]:
        settings = SshSettings(
            hosts=(host.name,), config_file=str(lab.config), transport=self.transport
        )
        ssh = SshProvider(settings)
        yield ssh
        ssh.close()


class TestOverOpenSsh(OverSsh):
    """Through the system's OpenSSH."""

    transport = "openssh"


class TestOverParamiko(OverSsh):
    """Through paramiko, in this process."""

    transport = "paramiko"
