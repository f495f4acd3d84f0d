"""An interactive program on a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from outrig.model.node import Node
from outrig.model.run import PreparedEnvironment


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The size of a terminal, in characters."""

    columns: int = 80
    rows: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleRequest:
    """A program to run on a terminal in a session's work directory; no `argv`: the login shell."""

    session_id: str
    node: Node
    argv: tuple[str, ...] = ()
    environment: PreparedEnvironment | None = None
    size: Size = Size()
    variables: Mapping[str, str] = field(default_factory=dict)
