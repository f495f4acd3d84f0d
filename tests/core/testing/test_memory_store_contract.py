"""The store in memory keeps to the contract of stores."""

from __future__ import annotations

import pytest

from outrig.testing.stores import MemoryStore, StoreContract


class TestMemoryStore(StoreContract):
    """The contract."""

    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()
