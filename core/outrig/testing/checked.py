"""The contracts, applied to an installed plugin: what `outrig plugin check` runs.

`OUTRIG_CHECKED` says which: its name (of a command set, its distribution) and, of a store, the URL
below which it may write.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from outrig.config.file import read_config
from outrig.errors import OutrigError
from outrig.ids import new_id
from outrig.manifest import load
from outrig.plugins import Hooks
from outrig.plugins.catalogue import Catalogue
from outrig.plugins.instances import Instances
from outrig.plugins.kinds import Kind
from outrig.testing.commands import CommandSetContract
from outrig.testing.expanders import ExpanderContract
from outrig.testing.extensions import ExtensionContract
from outrig.testing.providers import ProviderContract
from outrig.testing.stores import StoreContract

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from outrig.interfaces import ObjectStore, Provider

NAME, URL = json.loads(os.environ.get("OUTRIG_CHECKED", '["", ""]'))
CONFIG = read_config()  # the user's own, before a test has another home


def made(kind: Kind) -> object:
    """Return the plugin that is checked, configured as the user's others are."""
    instances = Instances(Catalogue(load()), config=CONFIG, flags={})
    return instances.configured(kind, NAME, project={}).plugin


class TestProvider(ProviderContract):
    """Of a provider."""

    @pytest.fixture
    def provider(self) -> Iterator[Provider]:
        """The provider."""
        found = Hooks(config=CONFIG).provider(NAME)
        yield found
        close = getattr(found, "close", None)
        if close is not None:
            close()


class TestStore(StoreContract):
    """Of a store."""

    @pytest.fixture
    def store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
        """An empty store below the URL; it is emptied again."""
        monkeypatch.setenv("OUTRIG_HOME", str(tmp_path / "home"))
        found = Hooks(config=CONFIG).store(f"{URL}/{new_id()}")
        yield found
        with suppress(OutrigError):
            found.delete([one.key for one in found.list("")])


class TestExpander(ExpanderContract):
    """Of an expander."""

    @pytest.fixture
    def expander(self) -> object:
        """The expander."""
        return made(Kind.EXPANDER)

    @pytest.fixture
    def expressions(self) -> Mapping[str, Sequence[str]]:
        """None that would be known here."""
        return {}


class TestExtension(ExtensionContract):
    """Of an extension."""

    @pytest.fixture
    def extension(self) -> object:
        """The extension."""
        return made(Kind.EXTENSION)


class TestCommands(CommandSetContract):
    """Of a command set."""

    @pytest.fixture
    def distribution(self) -> str:
        """Whose commands."""
        return str(NAME)
