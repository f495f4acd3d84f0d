"""The interfaces between the engine and plugins. Plugins take them from `outrig.api`.

A provider's abilities beyond the hooks are the small `With…` classes: the engine asks with
`isinstance`, so a provider that lacks one simply does not inherit it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from outrig.hookspecs import hook_names, hookimpl
from outrig.model.attendant import Attendant
from outrig.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from outrig.model.node import (
        Candidate,
        Inventory,
        Kept,
        Lifetime,
        Node,
        NodeQuery,
        Price,
        ProvisionRequest,
        Release,
        ReleaseReport,
        ResourceRef,
    )
    from outrig.model.resources import Resources
    from outrig.model.run import (
        EnvironmentSource,
        ExecuteRequest,
        LogPart,
        PreparedEnvironment,
        PrepareRequest,
        RunRef,
        RunState,
        Stream,
    )
    from outrig.model.session import RemoteFile, SyncReport, SyncRequest
    from outrig.model.snapshot import (
        ChunkSink,
        DeleteReport,
        ObjectInfo,
        SnapshotInfo,
        SnapshotQuery,
        SnapshotReader,
        StoredSnapshot,
        Wanted,
    )


class Intent(ABC):
    """One journal entry: an outside resource that is about to be made."""

    @abstractmethod
    def created(self, *ids: str) -> None:
        """Record what the call made."""

    @abstractmethod
    def nothing_made(self) -> None:
        """Record that the call made nothing."""


class Journal(ABC):
    """The write-ahead record of every outside resource."""

    @abstractmethod
    def intend(self, kind: str, *, scope: str, token: str, tags: Mapping[str, str]) -> Intent:
        """Write down, durably, that a resource of `kind` is about to be made in `scope`."""


class Context(ABC):
    """What the engine gives to every hook."""

    @property
    @abstractmethod
    def settings(self) -> Settings:
        """The plugin's settings, merged from configuration, project, variables and flags."""

    @property
    @abstractmethod
    def journal(self) -> Journal:
        """Where to write down what is about to be made."""

    @abstractmethod
    def progress(self, done: int, total: int | None, note: str) -> None:
        """Say how far the work is; `done` and `total` are in the unit that `note` names."""

    @abstractmethod
    def output(self, stream: Stream, data: bytes) -> None:
        """Hand on what a set-up step printed."""

    @abstractmethod
    def check_cancelled(self) -> None:
        """Raise `Interrupted` when the user asked to stop; call it between steps."""


class _MarksHooks:
    """Marks every method that has a hook's name, so that overriding one keeps it a hook."""

    def __init_subclass__(cls, **extra: object) -> None:
        super().__init_subclass__(**extra)
        for name in hook_names():
            method = cls.__dict__.get(name)
            if method is not None:
                hookimpl(method)


class Provider(_MarksHooks, ABC):
    """Supplies nodes; constructed with the values of the settings that `settings_type` declares."""

    settings_type: ClassVar[type[Settings]] = Settings
    attendant: Attendant = Attendant()

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @abstractmethod
    def provision(self, request: ProvisionRequest, context: Context) -> tuple[Node, ...]:
        """See `outrig.hookspecs.provision`."""

    @abstractmethod
    def list_nodes(self, query: NodeQuery, context: Context) -> Inventory:
        """See `outrig.hookspecs.list_nodes`."""

    @abstractmethod
    def release(
        self, targets: tuple[ResourceRef, ...], how: Release, context: Context
    ) -> ReleaseReport:
        """See `outrig.hookspecs.release`."""

    def close(self) -> None:
        """Hang up what was opened to work with nodes; it is opened anew when needed again."""


class RunControl(ABC):
    """Looks after runs that `execute` started. Called by any process that has the `RunRef`."""

    @abstractmethod
    def observe(self, refs: tuple[RunRef, ...]) -> tuple[RunState, ...]:
        """Return the state of each run, in the order asked; a run nobody knows is LOST."""

    @abstractmethod
    def read_log(self, ref: RunRef, stream: Stream, offset: int, max_bytes: int) -> LogPart:
        """Return what is there from byte `offset` on; empty when nothing new has come."""

    @abstractmethod
    def cancel(self, refs: tuple[RunRef, ...], grace_s: float) -> None:
        """Ask the runs to end (TERM), and end them (KILL) after `grace_s` seconds."""

    @abstractmethod
    def wait(self, refs: tuple[RunRef, ...], timeout_s: float) -> tuple[RunState, ...]:
        """Return as soon as a run's state or log may have changed, or after `timeout_s` seconds."""


class WithExecution(RunControl, ABC):
    """Gives `sync` and `execute`: what a session needs from every provider."""

    @abstractmethod
    def sync(self, request: SyncRequest, context: Context) -> SyncReport:
        """See `outrig.hookspecs.sync`."""

    @abstractmethod
    def execute(self, request: ExecuteRequest, context: Context) -> tuple[RunRef, ...]:
        """See `outrig.hookspecs.execute`."""

    def check_resources(self, resources: Resources) -> None:
        """Raise `CapacityError` for what the nodes, or any that could be made, can never give."""


class WithEnvironment(ABC):
    """Can make an environment ready before anything runs, once per digest."""

    @abstractmethod
    def prepare(self, request: PrepareRequest, context: Context) -> PreparedEnvironment:
        """Make the environment on every node; raises `RemoteError` with the failing step's end."""

    def check_environment(self, source: EnvironmentSource) -> None:  # noqa: B027 - may do nothing
        """Raise `RemoteError` for what nodes that are there already cannot make."""


class WithMetrics(ABC):
    """Keeps what runs measured of themselves (`OUTRIG_METRICS`), also after they have ended."""

    @abstractmethod
    def read_metrics(self, refs: tuple[RunRef, ...]) -> Mapping[str, bytes]:
        """Return, by run id, the lines of JSON that runs wrote; runs that wrote none are not there.

        A line is `{"name": "loss", "value": 0.3, "step": 1}`. Raises `RemoteError`.
        """


class WithFiles(ABC):
    """Can list, read and write files under a session's work directory."""

    @abstractmethod
    def list_files(
        self, session_id: str, node: Node, patterns: Sequence[str]
    ) -> tuple[RemoteFile, ...]:
        """List what the patterns name: a file, a directory with all under it, or a glob."""

    @abstractmethod
    def read_file(self, session_id: str, node: Node, path: str) -> Iterator[bytes]:
        """Yield the content of a file in pieces of at most 4 MiB; raises `NotFoundError`."""

    @abstractmethod
    def write_file(
        self, session_id: str, node: Node, path: str, content: Iterable[bytes], executable: bool
    ) -> None:
        """Write a file atomically, making its directories."""


class WithSessionEnd(ABC):
    """Keeps something for a session on nodes it does not own, and can clear it away."""

    @abstractmethod
    def end_session(self, session_id: str, nodes: tuple[Node, ...], grace_s: float) -> None:
        """End the session's runs and remove its directory on the nodes; missing is success."""


class WithUpkeep(ABC):
    """Can tell what its nodes keep, and clear away what nothing uses."""

    @abstractmethod
    def kept(self, node: Node) -> Kept:
        """Return what a node keeps; raises `RemoteError`."""

    @abstractmethod
    def remove_environment(self, node: Node, digest: str) -> bool:
        """Remove an environment; false when a session uses it."""

    @abstractmethod
    def remove_leftover(self, node: Node, name: str) -> None:
        """Remove one of `Kept.leftovers`, or, named `kept`, the files of ended sessions."""


class OnThisComputer:
    """A marker: asking the nodes costs no network, so listings ask without being told to."""


class OwnsResources:
    """A marker: makes resources for a session, which carry its owner's tags and are released."""


class WithOwnCount(ABC):
    """Knows how many nodes a session takes when nobody says: all machines that were named."""

    @abstractmethod
    def own_count(self) -> int:
        """Return the number of nodes, at least 1; raises `ConfigError`."""


class WithOwnLifetime(ABC):
    """Knows when a session ends by itself when nobody says: nodes that cost money."""

    @abstractmethod
    def own_lifetime(self) -> Lifetime:
        """Return the limits of a new session; raises `ConfigError`."""


class WithPrices(ABC):
    """Knows in how many ways it can have nodes, and what they cost."""

    @abstractmethod
    def candidates(self, resources: Resources) -> tuple[Candidate, ...]:
        """Return the ways to get such nodes, in the order to try; raises `CapacityError`."""

    @abstractmethod
    def prices(self, candidates: Sequence[Candidate]) -> Sequence[Price | None]:
        """Return a price for each candidate, `None` where it is not known."""


class WithAutostop(ABC):
    """Can make nodes end by themselves."""

    @abstractmethod
    def arm(self, session_id: str, nodes: Sequence[Node], lifetime: Lifetime) -> None:
        """Make the nodes keep to `lifetime`, from now on, without us."""

    def in_use(self, session_id: str, node: Node) -> None:  # noqa: B027 - they may see it
        """Tell a node that somebody uses a session now, though nothing of it runs there."""


class WithCheck(ABC):
    """Can tell `outrig doctor` how it stands."""

    @abstractmethod
    def check(self) -> Iterator[tuple[str, bool, str]]:
        """Yield what was looked at, whether it is well, and what was found or is to do."""


class ObjectStore(_MarksHooks, ABC):
    """Keeps objects under keys; the snapshot hooks are built on these four methods.

    `settings_type` declares its settings; it is constructed with the store's URL and their values.
    Keys are relative, `/`-separated, of `A-Za-z0-9._-`. An object is never changed once written.
    The methods are called from several threads at once, and raise `StoreError` or `AuthError` with
    one line that says what the matter is. What is temporary they try again themselves. New objects
    may be listed late, deleted ones not for long. `if_absent` is a courtesy: two writers of one key
    write the same.
    """

    settings_type: ClassVar[type[Settings]] = Settings
    parallel: int = 1
    """How many calls at once are worth it: several where each waits for a network."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.url = url
        self.settings = settings

    @abstractmethod
    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool) -> bool:
        """Write an object whole or not at all; false if the key is taken and `if_absent` is set."""

    @abstractmethod
    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Return `length` bytes from `start` on (or all), fewer at its end; `NotFoundError`."""

    @abstractmethod
    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield every object whose key begins with `prefix`, in any order."""

    @abstractmethod
    def delete(self, keys: Sequence[str]) -> None:
        """Delete the objects; missing ones are success."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`; for stores that can list them for less."""
        return (one.key for one in self.list(prefix))

    def tidy(self, before_s: float) -> int:  # noqa: ARG002 - stores that leave nothing do nothing
        """Clear away what writers that died before then (since 1970) left; returns how much."""
        return 0

    def store_snapshot(self, source: SnapshotReader, context: Context) -> StoredSnapshot:
        """See `outrig.hookspecs.store_snapshot`."""
        from outrig.snapshot.writer import store_snapshot

        return store_snapshot(self, source, context)

    def load_snapshot(self, digest: str, wanted: Wanted, sink: ChunkSink, context: Context) -> bool:
        """See `outrig.hookspecs.load_snapshot`."""
        from outrig.snapshot.loader import load_snapshot

        return load_snapshot(self, digest, wanted, sink, context)

    def list_snapshots(self, query: SnapshotQuery, context: Context) -> tuple[SnapshotInfo, ...]:
        """See `outrig.hookspecs.list_snapshots`."""
        from outrig.snapshot.listing import list_snapshots

        return list_snapshots(self, query, context)

    def delete_snapshots(self, digests: tuple[str, ...], context: Context) -> DeleteReport:
        """See `outrig.hookspecs.delete_snapshots`."""
        from outrig.snapshot.listing import delete_snapshots

        return delete_snapshots(self, digests, context)


class WithLinks(ABC):
    """A store whose objects can be read from anywhere by a link, without credentials."""

    @abstractmethod
    def link(self, key: str, start: int, length: int, valid_s: float) -> str | None:
        """Return a URL that gives only these bytes of an object, for `valid_s` seconds.

        Whoever follows it sends the header `Range: bytes=…` for just these. `None` when none can be
        made. No request is made for it. Raises `StoreError`, `AuthError`.
        """


class Expander(_MarksHooks, ABC):
    """Turns expressions into values; see `outrig.hookspecs.expand_params`."""
