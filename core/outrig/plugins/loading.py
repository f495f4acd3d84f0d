"""Importing one plugin, whatever it does while it is imported."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import TYPE_CHECKING

from outrig.errors import PluginError
from outrig.plugins.host import describe

if TYPE_CHECKING:
    from outrig.plugins.kinds import PluginEntry


def load_object(entry: PluginEntry) -> object:
    """Import what an entry point names; raises `PluginError` with the reason in one line.

    What the plugin prints while it is imported goes to stderr, so that results stay clean.
    """
    module, _, attribute = entry.value.partition(":")
    try:
        with contextlib.redirect_stdout(sys.stderr):
            found: object = importlib.import_module(module.strip())
            for part in filter(None, attribute.strip().split(".")):
                found = getattr(found, part)
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{entry.label} does not load: {describe(error)}",
            hint=f"reinstall {entry.distribution}, or see: outrig plugin doctor",
        ) from error
    return found
