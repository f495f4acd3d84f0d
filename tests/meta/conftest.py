"""What the tests of the repository itself share."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def generator() -> ModuleType:
    """Return `docs/generate.py` as a module."""
    specification = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tests_text() -> str:
    """Return the text of all tests and of the test kit, but not of this directory."""
    modules = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "core/outrig/testing").rglob("*.py")]
    return "\n".join(path.read_text() for path in modules if path.parent.name != "meta")
