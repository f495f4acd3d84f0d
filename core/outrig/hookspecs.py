"""The hooks. Built-in plugins and strangers' implement exactly these.

A hook of the first kind is answered by one plugin, chosen by its name in the project, a flag or the
configuration; extensions may wrap it (`@hookimpl(wrapper=True)`) but not answer it. A hook of the
second kind is heard by all extensions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from outrig.interfaces import Context
    from outrig.model.node import (
        Inventory,
        Node,
        NodeQuery,
        ProvisionRequest,
        Release,
        ReleaseReport,
        ResourceRef,
    )
    from outrig.model.project import Parameter
    from outrig.model.run import ExecuteRequest, RunRef
    from outrig.model.session import Event, Plan, SyncReport, SyncRequest
    from outrig.model.snapshot import (
        ChunkSink,
        DeleteReport,
        SnapshotInfo,
        SnapshotQuery,
        SnapshotReader,
        StoredSnapshot,
        Wanted,
    )

PROJECT_NAME = "outrig"
hookspec = pluggy.HookspecMarker(PROJECT_NAME)
hookimpl = pluggy.HookimplMarker(PROJECT_NAME)


@hookspec(firstresult=True)
def provision(request: ProvisionRequest, context: Context) -> tuple[Node, ...]:
    """Supply the nodes of a session, and return when they can be connected to.

    Fields: `count` nodes of at least `resources` (cores, MiB, devices), trying `candidates` in
    order; `resume` nodes first, where given; `token` is stable over retries; `tags` go on whatever
    is made. Returns the nodes, rank 0 is the head; `None` means "not mine" and is an error.
    Called by the engine once per attempt of `session start`. May raise `CapacityError` (the engine
    goes on to the next candidate), `AuthError`, `ConfigError`, `RemoteError` (it stops).

        def provision(self, request, context):
            return (Node(id="box", provider="acme", address="box.example"),)
    """
    raise AssertionError(request, context)


@hookspec(firstresult=True)
def list_nodes(query: NodeQuery, context: Context) -> Inventory:
    """Tell which nodes and other resources exist, as the outside sees it.

    Fields: `session_id` or `owner` (a state directory's id) restrict the answer, `scopes` are the
    regions to ask. Called by `session list --refresh`, `provider list-nodes` and `gc`. `None` means
    "not mine". May raise `AuthError`, `RemoteError`.

        def list_nodes(self, query, context):
            return Inventory(nodes=())
    """
    raise AssertionError(query, context)


@hookspec(firstresult=True)
def release(targets: tuple[ResourceRef, ...], how: Release, context: Context) -> ReleaseReport:
    """Give nodes and other resources back; one that is missing counts as released.

    `how` is `TERMINATE` (gone for good) or `KEEP` (can be resumed). Called by `session stop`, by a
    start that failed, and by `gc`; may be repeated. Returns a report; `None` means "not mine".
    Raises only when nothing could be asked (`AuthError`, `RemoteError`).

        def release(self, targets, how, context):
            return ReleaseReport(released=targets)
    """
    raise AssertionError(targets, how, context)


@hookspec(firstresult=True)
def sync(request: SyncRequest, context: Context) -> SyncReport:
    """Make the session's work directory equal to a snapshot, on every node.

    Entries with `output` set are not sent. Only what an earlier sync put there is removed, with
    `clean` all else too. Called on every start and `session sync`; a repeat must be cheap. `None`
    means "not mine". May raise `RemoteError`.

        def sync(self, request, context):
            return SyncReport(skipped=True)
    """
    raise AssertionError(request, context)


@hookspec(firstresult=True)
def execute(request: ExecuteRequest, context: Context) -> tuple[RunRef, ...]:
    """Start tasks as one batch and return at once; at most `cap` of them run at a time.

    A task's `id` makes the call idempotent: one that is known is not started again. Called for
    every command; runs go on without the client. Returns a `RunRef` per task, in order; `None`
    means "not mine". May raise `RemoteError`.

        def execute(self, request, context):
            return tuple(self.start(task) for task in request.tasks)
    """
    raise AssertionError(request, context)


@hookspec(firstresult=True)
def store_snapshot(source: SnapshotReader, context: Context) -> StoredSnapshot:
    """Keep a snapshot; it becomes visible only when whole. Two writers at once are safe.

    Called by `snapshot create`, `session start` and `snapshot push`. Returns what was new; `None`
    means "not mine". May raise `StoreError`, `AuthError`.

        def store_snapshot(self, source, context):
            return StoredSnapshot(info=source.info)
    """
    raise AssertionError(source, context)


@hookspec(firstresult=True)
def load_snapshot(digest: str, wanted: Wanted, sink: ChunkSink, context: Context) -> bool:
    """Hand a snapshot's entries and the wanted chunks to `sink`, each checked against its digest.

    `digest` is a snapshot's id or its tree's digest. Called by restore, sync, check and diff.
    Returns true; `None` means "not mine". May raise `NotFoundError`, `StoreError`.

        def load_snapshot(self, digest, wanted, sink, context):
            sink.entries(info, entries)
            return True
    """
    raise AssertionError(digest, wanted, sink, context)


@hookspec(firstresult=True)
def list_snapshots(query: SnapshotQuery, context: Context) -> tuple[SnapshotInfo, ...]:
    """List snapshots, newest first.

    Called by every command that names a snapshot. `None` means "not mine". May raise `StoreError`,
    `AuthError`.

        def list_snapshots(self, query, context):
            return ()
    """
    raise AssertionError(query, context)


@hookspec(firstresult=True)
def delete_snapshots(digests: tuple[str, ...], context: Context) -> DeleteReport:
    """Drop the references of snapshots, by id; their chunks go when nothing uses them any more.

    Called by `snapshot delete`. `None` means "not mine". May raise `StoreError`, `AuthError`.

        def delete_snapshots(self, digests, context):
            return DeleteReport(deleted=digests)
    """
    raise AssertionError(digests, context)


@hookspec(firstresult=True)
def expand_params(
    expression: str, parameter: Parameter, limit: int, context: Context
) -> tuple[str, ...]:
    """Turn an expression, without its prefix, into at most `limit` values, as text.

    Called once per parameter when a sweep is planned. `None` means "not mine". May raise
    `UsageError` with what is wrong in the expression.

        def expand_params(self, expression, parameter, limit, context):
            return tuple(expression.split(","))
    """
    raise AssertionError(expression, parameter, limit, context)


@hookspec
def review_plan(plan: Plan, context: Context) -> Plan | None:
    """Look at a plan before anything is made: return a changed one, or `None` to leave it.

    Heard by all extensions, each getting what the one before returned; also under `--dry-run`.
    May raise `PolicyError`, whose message the user sees.

        def review_plan(self, plan, context):
            return replace(plan, tags={**plan.tags, "cost-centre": "42"})
    """
    raise AssertionError(plan, context)


@hookspec
def session_event(event: Event, context: Context) -> None:
    """Hear of something that happened to a session: at most once each, in order of `number`.

    Heard by all extensions. Whatever it raises is reported and changes nothing.

        def session_event(self, event, context):
            print(event.kind)
    """
    raise AssertionError(event, context)


PROVIDER_HOOKS = ("provision", "list_nodes", "release", "sync", "execute")
STORE_HOOKS = ("store_snapshot", "load_snapshot", "list_snapshots", "delete_snapshots")
EXPANDER_HOOKS = ("expand_params",)
EXTENSION_HOOKS = ("review_plan", "session_event")


def hook_names() -> tuple[str, ...]:
    """Return the name of every hook."""
    return PROVIDER_HOOKS + STORE_HOOKS + EXPANDER_HOOKS + EXTENSION_HOOKS
