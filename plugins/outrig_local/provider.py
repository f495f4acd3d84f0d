"""The provider `local`: this computer is the one node."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import (
    Endpoint,
    Inventory,
    Node,
    NodeProvider,
    OnThisComputer,
    ReleaseReport,
    Settings,
    WithCheck,
    local_node_root,
    setting,
)
from outrig.errors import CapacityError, OutrigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.api import (
        Context,
        EnvironmentSource,
        NodeQuery,
        ProvisionRequest,
        Release,
        ResourceRef,
        Resources,
    )

NODE = Node(id="local", provider="local", address="localhost")


@dataclass(frozen=True, kw_only=True)
class LocalSettings(Settings):
    """Where sessions on this computer keep their files."""

    root: str | None = setting(None, help="directory of sessions, runs and environments")


class LocalProvider(NodeProvider, WithCheck, OnThisComputer):
    """Sessions on this computer, through the same node program as on any other machine."""

    settings_type = LocalSettings

    def provision(self, request: ProvisionRequest, context: Context) -> tuple[Node, ...]:
        """Return this computer, which is there already."""
        if request.count != 1:
            raise CapacityError(
                f"provider local has 1 node, {request.count} are asked for",
                hint="use the provider ssh, or a cloud",
            )
        context.check_cancelled()
        return (NODE,)

    def list_nodes(self, query: NodeQuery, context: Context) -> Inventory:
        """Return this computer: it is always there."""
        context.check_cancelled()
        return Inventory(nodes=() if query.scopes else (NODE,))

    def release(
        self, targets: tuple[ResourceRef, ...], how: Release, context: Context
    ) -> ReleaseReport:
        """Give nothing back: the session's files go with `end_session`."""
        return ReleaseReport(released=targets)

    def check_environment(self, source: EnvironmentSource) -> None:
        """Refuse what this computer has no tool for."""
        self.can_prepare(NODE, source)

    def check_resources(self, resources: Resources) -> None:
        """Refuse what is more than this computer has."""
        self.can_run(NODE, resources)

    def endpoint(self, node: Node) -> Endpoint:
        """Return the way to a process on this computer."""
        root = self.settings.root if isinstance(self.settings, LocalSettings) else None
        return Endpoint(root=str(Path(root).expanduser().absolute()) if root else local_node_root())

    def check(self) -> Iterator[tuple[str, bool, str]]:
        """Start the node program, and say what it finds on this computer."""
        root = self.endpoint(NODE).root or ""
        try:
            kept = self.kept(NODE)
        except OutrigError as error:
            yield "node program", False, str(error)
        else:
            count = len(kept.sessions)
            yield "node program", True, f"{root} ({count} session{'' if count == 1 else 's'})"
            yield from self.check_node(NODE)
        finally:
            self.close()
