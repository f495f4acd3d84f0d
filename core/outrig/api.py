"""All that a plugin or a program using Outrig as a library imports.

Names are loaded when first used, so a provider does not pay for the command framework, nor a
command for the engine.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

_HOME = {
    "outrig.cli.command": ("Command",),
    "outrig.cli.definition": ("argument", "option"),
    "outrig.cli.listing": ("Column",),
    "outrig.cli.route": ("Group", "Route"),
    "outrig.hookspecs": ("hookimpl",),
    "outrig.interfaces": (
        "ByteStream",
        "Console",
        "Context",
        "Expander",
        "Intent",
        "Journal",
        "ObjectStore",
        "Provider",
        "RunControl",
        "WithAutostop",
        "WithCheck",
        "WithConsole",
        "WithEnvironment",
        "WithExecution",
        "WithFiles",
        "WithForward",
        "WithPrices",
        "WithSessionEnd",
    ),
    "outrig.settings": ("Settings", "setting"),
}

_WHERE = {name: module for module, names in _HOME.items() for name in names}

if TYPE_CHECKING:
    from outrig.cli.command import Command as Command
    from outrig.cli.definition import argument as argument
    from outrig.cli.definition import option as option
    from outrig.cli.listing import Column as Column
    from outrig.cli.route import Group as Group
    from outrig.cli.route import Route as Route
    from outrig.hookspecs import hookimpl as hookimpl
    from outrig.interfaces import ByteStream as ByteStream


def __getattr__(name: str) -> object:
    module = _WHERE.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted(_WHERE)
