"""Outrig's own commands keep the contract of command sets."""

from __future__ import annotations

import pytest

from outrig.manifest import OWN
from outrig.testing.commands import CommandSetContract


class TestOwnCommands(CommandSetContract):
    """The contract."""

    @pytest.fixture
    def distribution(self) -> str:
        return OWN
