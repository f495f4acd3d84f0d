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
    "outrig.model.node": (
        "Endpoint",
        "Inventory",
        "Lifetime",
        "Node",
        "NodeQuery",
        "ProvisionRequest",
        "Release",
        "ReleaseReport",
        "ResourceRef",
        "Role",
    ),
    "outrig.node.provider": ("NodeProvider",),
    "outrig.node.root": ("local_node_root",),
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
    from outrig.interfaces import Context as Context
    from outrig.model.node import Endpoint as Endpoint
    from outrig.model.node import Inventory as Inventory
    from outrig.model.node import Lifetime as Lifetime
    from outrig.model.node import Node as Node
    from outrig.model.node import NodeQuery as NodeQuery
    from outrig.model.node import ProvisionRequest as ProvisionRequest
    from outrig.model.node import Release as Release
    from outrig.model.node import ReleaseReport as ReleaseReport
    from outrig.model.node import ResourceRef as ResourceRef
    from outrig.model.node import Role as Role
    from outrig.node.provider import NodeProvider as NodeProvider
    from outrig.node.root import local_node_root as local_node_root
    from outrig.settings import Settings as Settings
    from outrig.settings import setting as setting


def __getattr__(name: str) -> object:
    module = _WHERE.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted(_WHERE)
