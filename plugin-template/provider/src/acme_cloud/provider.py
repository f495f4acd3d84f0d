"""The provider `acme`: each node is a directory on this computer.

Where this makes, lists and removes a directory, yours calls its cloud. All else (snapshots,
environments, runs, logs, files) comes from `NodeProvider`, once `endpoint` tells the way to a node.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import (
    Endpoint,
    Inventory,
    Node,
    NodeProvider,
    OnThisComputer,
    Release,
    ReleaseReport,
    Role,
    Settings,
    setting,
)
from outrig.errors import CapacityError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.api import Context, NodeQuery, ProvisionRequest, ResourceRef

ABOUT = "acme.json"


@dataclass(frozen=True, kw_only=True)
class AcmeSettings(Settings):
    """Settings: keys `providers.acme.…`, flags `--acme-…`, variables `OUTRIG_ACME_…`."""

    directory: str = setting("~/.acme", help="where the nodes are")
    region: str = setting("eu-1", help="region to make nodes in")
    quota: int = setting(4, help="how many nodes there may be at once", unit="nodes")
    token: str | None = setting(None, help="access token", env="ACME_TOKEN", secret=True)


class AcmeProvider(NodeProvider, OnThisComputer):
    """Makes a directory for each node; drop `OnThisComputer` when yours are elsewhere."""

    settings_type = AcmeSettings

    def provision(self, request: ProvisionRequest, context: Context) -> tuple[Node, ...]:
        """Make the nodes of a session; a call that is repeated with the same token makes no more.

        Each is written into the journal before it is made, so that a crash leaves nothing unknown.
        """
        if request.resume:
            return request.resume
        names = [f"{request.token}-{rank}" for rank in range(request.count)]
        there = {name for name, _ in self._described()}
        if len(there.union(names)) > self._own.quota:
            raise CapacityError(
                f"acme has {len(there)} of {self._own.quota} nodes in use, "
                f"{request.count} more are asked for",
                hint="stop a session, or raise providers.acme.quota",
            )
        for rank, name in enumerate(names):
            context.check_cancelled()
            intent = context.journal.intend(
                "node", scope=self._own.region, token=name, tags=request.tags
            )
            self._make(name, rank, request)
            intent.created(name)
            context.progress(rank + 1, request.count, "nodes")
        return tuple(_node(name, about) for name, about in self._described() if name in names)

    def list_nodes(self, query: NodeQuery, context: Context) -> Inventory:
        """Return the nodes that there are, of one session or of all."""
        context.check_cancelled()
        if query.scopes and self._own.region not in query.scopes:
            return Inventory()
        wanted = (query.session_id,) if query.session_id else ()
        return Inventory(
            nodes=tuple(
                _node(name, about)
                for name, about in self._described()
                if not wanted or about["session"] in wanted
            )
        )

    def release(
        self, targets: tuple[ResourceRef, ...], how: Release, context: Context
    ) -> ReleaseReport:
        """Remove nodes; one that is gone already is released. `KEEP` leaves them for later."""
        if how is Release.TERMINATE:
            for target in targets:
                _remove(self._directory / Path(target.id).name)
        return ReleaseReport(released=targets)

    def endpoint(self, node: Node) -> Endpoint:
        """Return the way to a node: for one with SSH `host`, `user`, `port` and `key_file`."""
        return Endpoint(root=str(self._directory / node.id / "root"))

    @property
    def _own(self) -> AcmeSettings:
        return self.settings if isinstance(self.settings, AcmeSettings) else AcmeSettings()

    @property
    def _directory(self) -> Path:
        return Path(self._own.directory).expanduser().absolute()

    def _make(self, name: str, rank: int, request: ProvisionRequest) -> None:
        about = {"session": request.session_id, "rank": rank, "tags": dict(request.tags)}
        place = self._directory / name
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        (place / ABOUT).write_text(json.dumps({**about, "region": self._own.region}))

    def _described(self) -> Iterator[tuple[str, dict[str, object]]]:
        for file in sorted(self._directory.glob(f"*/{ABOUT}")):
            yield file.parent.name, json.loads(file.read_text())


def _remove(place: Path) -> None:
    """Remove a node that may still be busy: aside first, where nothing finds it any more."""
    aside = place.with_name(f".{place.name}")
    with suppress(FileNotFoundError):
        place.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _node(name: str, about: dict[str, object]) -> Node:
    rank = int(str(about["rank"]))
    return Node(
        id=name,
        provider="acme",
        role=Role.WORKER if rank else Role.HEAD,
        rank=rank,
        data={"scope": str(about["region"])},
    )
