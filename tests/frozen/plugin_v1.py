"""A plugin as it was written for version 1 of the contract. Kept as it is, for ever.

Every release must run it unchanged: see `test_frozen_plugin.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from outrig.api import (
    Command,
    DeleteReport,
    Endpoint,
    Expander,
    Group,
    Inventory,
    Node,
    NodeProvider,
    ObjectInfo,
    ObjectStore,
    ReleaseReport,
    Role,
    Settings,
    argument,
    hookimpl,
    option,
    setting,
)
from outrig.errors import CapacityError, NotFoundError, PolicyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig.api import (
        ChunkSink,
        Context,
        Event,
        ExecuteRequest,
        NodeQuery,
        Parameter,
        Plan,
        ProvisionRequest,
        Release,
        ResourceRef,
        RunRef,
        SnapshotInfo,
        SnapshotQuery,
        SnapshotReader,
        StoredSnapshot,
        SyncReport,
        SyncRequest,
        Wanted,
    )


@dataclass(frozen=True, kw_only=True)
class FrozenSettings(Settings):
    directory: str = setting("frozen", help="where it keeps things")
    region: str = setting("north", help="where nodes are", env="FROZEN_REGION")
    wait_s: float = setting(1.5, help="how long", unit="seconds")
    token: str | None = setting(None, help="token", secret=True)


class FrozenProvider(NodeProvider):
    settings_type = FrozenSettings

    def provision(self, request: ProvisionRequest, context: Context) -> tuple[Node, ...]:
        context.check_cancelled()
        if request.resume:
            return request.resume
        if request.count > 1:
            raise CapacityError("there is one node only", hint="ask for one")
        intent = context.journal.intend(
            "node", scope=self.settings.region, token=request.token, tags=request.tags
        )
        place = Path(self.settings.directory).absolute() / request.session_id
        place.mkdir(parents=True, exist_ok=True)
        (place / "tags.json").write_text(json.dumps(dict(request.tags)))
        intent.created(place.name)
        context.progress(1, request.count, "nodes")
        return (
            Node(id=place.name, provider="frozen", role=Role.HEAD, rank=0, data={"at": str(place)}),
        )

    def list_nodes(self, query: NodeQuery, context: Context) -> Inventory:
        places = Path(self.settings.directory).absolute().glob("*")
        nodes = (Node(id=one.name, provider="frozen", data={"at": str(one)}) for one in places)
        return Inventory(nodes=tuple(one for one in nodes if query.session_id in (None, one.id)))

    def release(
        self, targets: tuple[ResourceRef, ...], how: Release, context: Context
    ) -> ReleaseReport:
        for target in targets:
            (Path(self.settings.directory).absolute() / target.id / "tags.json").unlink(
                missing_ok=True
            )
        return ReleaseReport(released=targets)

    def sync(self, request: SyncRequest, context: Context) -> SyncReport:
        return super().sync(request, context)

    def execute(self, request: ExecuteRequest, context: Context) -> tuple[RunRef, ...]:
        return super().execute(request, context)

    def endpoint(self, node: Node) -> Endpoint:
        return Endpoint(root=f"{node.data['at']}/root")


class FrozenStore(ObjectStore):
    settings_type = FrozenSettings

    def __init__(self, url: str, settings: Settings) -> None:
        super().__init__(url, settings)
        self.root = Path(url.partition("://")[2])

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool) -> bool:
        path = self.root / key
        if if_absent and path.exists():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return True

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        path = self.root / key
        if not path.is_file():
            raise NotFoundError(f"there is no {key}")
        data = path.read_bytes()
        return data[start:] if length is None else data[start : start + length]

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        for path in self.root.rglob("*"):
            key = path.relative_to(self.root).as_posix()
            if path.is_file() and key.startswith(prefix):
                yield ObjectInfo(key, path.stat().st_size, path.stat().st_mtime)

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            (self.root / key).unlink(missing_ok=True)

    def store_snapshot(self, source: SnapshotReader, context: Context) -> StoredSnapshot:
        return super().store_snapshot(source, context)

    def load_snapshot(self, digest: str, wanted: Wanted, sink: ChunkSink, context: Context) -> bool:
        return super().load_snapshot(digest, wanted, sink, context)

    def list_snapshots(self, query: SnapshotQuery, context: Context) -> tuple[SnapshotInfo, ...]:
        return super().list_snapshots(query, context)

    def delete_snapshots(self, digests: tuple[str, ...], context: Context) -> DeleteReport:
        return super().delete_snapshots(digests, context)


class FrozenExpander(Expander):
    def expand_params(
        self, expression: str, parameter: Parameter, limit: int, context: Context
    ) -> tuple[str, ...]:
        if not expression.isalpha():
            raise UsageError(f"{parameter.name}: letters are expected")
        return tuple(expression)[:limit]


class FrozenExtension:
    settings_type = FrozenSettings

    def __init__(self, settings: FrozenSettings) -> None:
        self.settings = settings

    @hookimpl
    def review_plan(self, plan: Plan, context: Context) -> Plan | None:
        if plan.settings.get("region") == "south":
            raise PolicyError("south is closed")
        if plan.provider != "frozen":
            return None
        return replace(plan, tags={**plan.tags, "frozen": "yes"})

    @hookimpl
    def session_event(self, event: Event, context: Context) -> None:
        with Path("heard").open("a") as heard:
            heard.write(f"{event.number} {event.kind} {event.session_id}\n")

    @hookimpl(wrapper=True)
    def provision(self, request: ProvisionRequest, context: Context):
        nodes = yield
        with Path("wrapped").open("a") as wrapped:
            wrapped.write(f"{request.session_name} {len(nodes)}\n")
        return nodes


FROZEN = Group(summary="What was frozen")


class FrozenCommand(Command):
    summary = "Say it again"
    details = "Says a word as often as is wanted."
    examples: ClassVar = (("outrig frozen say ice --times 2", "say it twice"),)
    arguments: ClassVar = (argument("word", "what to say"),)
    options: ClassVar = (option("times", "t", "how often", value="N", type=int, default=1),)

    def handle(self) -> int:
        for _ in range(self.value("times", int) or 0):
            self.line(self.word("word") or "")
        self.note("that was it")
        return 0
