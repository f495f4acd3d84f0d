"""The provider `ssh` keeps the contract, over OpenSSH and over paramiko alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from outrig.testing.faulty_provider import ProviderFaults
from outrig.testing.providers import ProviderContract
from outrig_ssh.provider import SshProvider
from outrig_ssh.settings import SshSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.testing.machines import Machine
    from tests.plugins.ssh.conftest import Lab


class HostFaults(ProviderFaults):
    """What can go wrong on a host: it knows our key no more.

    Hosts are there already, are listed from the settings, and sshd has no limit that trying again
    at once would not meet again: so nothing of capacity, throttling and late listings applies.
    """

    listings_log_in = False

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.keys = machine.login_keys()

    def refuse_credentials(self) -> None:
        """Forget the key."""
        self.machine.set_login_keys("")

    def accept_credentials(self) -> None:
        """Know it again."""
        self.machine.set_login_keys(self.keys)


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

    @pytest.fixture
    def faults(self, host: Machine) -> Iterator[ProviderFaults]:
        found = HostFaults(host)
        yield found
        found.accept_credentials()


class TestOverOpenSsh(OverSsh):
    """Through the system's OpenSSH."""

    transport = "openssh"


class TestOverParamiko(OverSsh):
    """Through paramiko, in this process."""

    transport = "paramiko"
