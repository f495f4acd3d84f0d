"""Importing one plugin, whatever it does while it is imported."""

from __future__ import annotations

import importlib
import time
from typing import TYPE_CHECKING

from outrig.errors import PluginError
from outrig.plugins.host import describe
from outrig.plugins.printing import kept_apart

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.plugins.kinds import PluginEntry


SLOW_S = 3.0
"""From then on the user is told whom the time was spent on."""


def load_object(entry: PluginEntry, report: Callable[[str], None] | None = None) -> object:
    """Import what an entry point names; raises `PluginError` with the reason in one line.

    `report` is told of one that takes long, or prints: what it prints is kept out of results.
    """
    start = time.monotonic()
    with kept_apart() as printed:
        found = _imported(entry)
    took_s = time.monotonic() - start
    if report is not None and printed.text:
        report(f"{entry.label} printed while it was imported: {printed.first_line}")
    if report is not None and took_s > SLOW_S:
        report(f"{entry.label} took {took_s:.1f} s to import")
    return found


def _imported(entry: PluginEntry) -> object:
    module, _, attribute = entry.value.partition(":")
    try:
        found: object = importlib.import_module(module.strip())
        for part in filter(None, attribute.strip().split(".")):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{entry.label} does not load: {describe(error)}",
            hint=f"reinstall {entry.distribution}, or see: outrig plugin doctor",
        ) from error
    return found
