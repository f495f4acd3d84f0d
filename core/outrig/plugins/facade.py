"""The typed façade over the hooks: nothing else of Outrig calls a plugin's hooks.

The records that answers are checked against are imported by the hook: those of snapshots need none
of sessions, which take longer to import than many a snapshot takes.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, TypeVar

from outrig.errors import OutrigError, PluginError, PolicyError
from outrig.interfaces import ObjectStore, Provider
from outrig.model.snapshot import DeleteReport, SnapshotInfo, StoredSnapshot
from outrig.plugins.catalogue import Catalogue
from outrig.plugins.context import with_settings
from outrig.plugins.host import Host, Registered
from outrig.plugins.instances import Instances
from outrig.plugins.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrig.config.file import ConfigFile
    from outrig.interfaces import Context
    from outrig.manifest import Manifest
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
    from outrig.model.snapshot import ChunkSink, SnapshotQuery, SnapshotReader, Wanted
    from outrig.settings import Settings

T = TypeVar("T")


def _say(line: str) -> None:
    print(f"outrig: warning: {line}", file=sys.stderr)  # noqa: T201 - what nobody else listens for


class Hooks:
    """Calls plugins: the one chosen by name, with every extension that wraps the hook.

    A hook's context carries the chosen plugin's settings: those the engine put there, when they are
    of the plugin's own type, else the configured ones. Threads may share one `Hooks`.

    `flags` holds values from the command line by section (`providers.aws`) and field. `report` is
    told, in one line each, of extensions that fail. Extensions are loaded by the first hook that
    changes something or reviews a plan, or by `load_extensions`; reading loads none.
    """

    def __init__(
        self,
        *,
        manifest: Manifest | None = None,
        config: ConfigFile | None = None,
        flags: Mapping[str, Mapping[str, str]] | None = None,
        report: Callable[[str], None] = _say,
    ) -> None:
        self._catalogue = Catalogue(manifest if manifest is not None else _installed())
        self._instances = Instances(
            self._catalogue, config=config, flags=flags or {}, report=report
        )
        self._report = report
        self._lock = threading.RLock()
        self._extensions: tuple[Registered, ...] | None = None
        self._hosts: dict[int, Host] = {}

    @property
    def catalogue(self) -> Catalogue:
        """Which plugins there are."""
        return self._catalogue

    def close(self) -> None:
        """Hang up all connections that providers keep; they are made anew when needed."""
        self._instances.close()

    # Plugins themselves

    def provider(self, name: str, project: Mapping[str, object] | None = None) -> Provider:
        """Return the provider of that name, for its `With…` abilities; raises `PluginError`.

        `project` holds what the project file says for it, and with `--` before a field what
        the command line said when the session was started, which wins. The same values give the
        same instance.
        """
        chosen = self._instances.configured(Kind.PROVIDER, name, project=project or {})
        self._host(chosen)  # one that does not fit the hooks is refused here as well
        if not isinstance(chosen.plugin, Provider):
            raise PluginError(f"{chosen.entry.label} is no Provider")
        return chosen.plugin

    def store(self, url: str, project: Mapping[str, object] | None = None) -> ObjectStore:
        """Return the store at a URL; raises `PluginError` when it is not an object store."""
        chosen = self._instances.configured(Kind.STORE, scheme(url), url=url, project=project or {})
        self._host(chosen)
        if not isinstance(chosen.plugin, ObjectStore):
            raise PluginError(f"{chosen.entry.label} is no ObjectStore")
        return chosen.plugin

    def add_flags(self, section: str, values: Mapping[str, str]) -> None:
        """Add values from this command line, by section (`providers.aws`) and field."""
        self._instances.add_flags(section, values)

    def settings_type(self, kind: Kind, name: str) -> type[Settings]:
        """Return the class that declares a plugin's settings; imports the plugin."""
        return self._instances.settings_type(self._catalogue.find(kind, name))

    # Answered by the one provider chosen by name

    def provision(
        self, provider: str, request: ProvisionRequest, context: Context
    ) -> tuple[Node, ...]:
        """See `outrig.hookspecs.provision`."""
        from outrig.model.node import Node

        self.load_extensions()
        host, chosen, context = self._chosen(Kind.PROVIDER, provider, context)
        answer = host.ask("provision", request=request, context=context)
        return _records(chosen, "provision", answer, Node)

    def list_nodes(self, provider: str, query: NodeQuery, context: Context) -> Inventory:
        """See `outrig.hookspecs.list_nodes`."""
        from outrig.model.node import Inventory

        host, chosen, context = self._chosen(Kind.PROVIDER, provider, context)
        answer = host.ask("list_nodes", query=query, context=context)
        return _record(chosen, "list_nodes", answer, Inventory)

    def release(
        self, provider: str, targets: tuple[ResourceRef, ...], how: Release, context: Context
    ) -> ReleaseReport:
        """See `outrig.hookspecs.release`."""
        from outrig.model.node import ReleaseReport

        self.load_extensions()
        host, chosen, context = self._chosen(Kind.PROVIDER, provider, context)
        answer = host.ask("release", targets=targets, how=how, context=context)
        return _record(chosen, "release", answer, ReleaseReport)

    def sync(self, provider: str, request: SyncRequest, context: Context) -> SyncReport:
        """See `outrig.hookspecs.sync`."""
        from outrig.model.session import SyncReport

        self.load_extensions()
        host, chosen, context = self._chosen(Kind.PROVIDER, provider, context)
        answer = host.ask("sync", request=request, context=context)
        return _record(chosen, "sync", answer, SyncReport)

    def execute(
        self, provider: str, request: ExecuteRequest, context: Context
    ) -> tuple[RunRef, ...]:
        """See `outrig.hookspecs.execute`."""
        from outrig.model.run import RunRef

        self.load_extensions()
        host, chosen, context = self._chosen(Kind.PROVIDER, provider, context)
        answer = host.ask("execute", request=request, context=context)
        return _records(chosen, "execute", answer, RunRef)

    # Answered by the one store chosen by its URL's scheme

    def store_snapshot(
        self, store_url: str, source: SnapshotReader, context: Context
    ) -> StoredSnapshot:
        """See `outrig.hookspecs.store_snapshot`."""
        self.load_extensions()
        host, chosen, context = self._chosen(Kind.STORE, scheme(store_url), context, store_url)
        answer = host.ask("store_snapshot", source=source, context=context)
        return _record(chosen, "store_snapshot", answer, StoredSnapshot)

    def load_snapshot(
        self, store_url: str, digest: str, wanted: Wanted, sink: ChunkSink, context: Context
    ) -> bool:
        """See `outrig.hookspecs.load_snapshot`."""
        host, chosen, context = self._chosen(Kind.STORE, scheme(store_url), context, store_url)
        answer = host.ask("load_snapshot", digest=digest, wanted=wanted, sink=sink, context=context)
        return _record(chosen, "load_snapshot", answer, bool)

    def list_snapshots(
        self, store_url: str, query: SnapshotQuery, context: Context
    ) -> tuple[SnapshotInfo, ...]:
        """See `outrig.hookspecs.list_snapshots`."""
        host, chosen, context = self._chosen(Kind.STORE, scheme(store_url), context, store_url)
        answer = host.ask("list_snapshots", query=query, context=context)
        return _records(chosen, "list_snapshots", answer, SnapshotInfo)

    def delete_snapshots(
        self, store_url: str, digests: tuple[str, ...], context: Context
    ) -> DeleteReport:
        """See `outrig.hookspecs.delete_snapshots`."""
        self.load_extensions()
        host, chosen, context = self._chosen(Kind.STORE, scheme(store_url), context, store_url)
        answer = host.ask("delete_snapshots", digests=digests, context=context)
        return _record(chosen, "delete_snapshots", answer, DeleteReport)

    # Answered by the one expander chosen by the expression's prefix

    def expand_params(
        self, prefix: str, expression: str, parameter: Parameter, limit: int, context: Context
    ) -> tuple[str, ...]:
        """See `outrig.hookspecs.expand_params`."""
        host, chosen, context = self._chosen(Kind.EXPANDER, prefix, context)
        answer = host.ask(
            "expand_params",
            expression=expression,
            parameter=parameter,
            limit=limit,
            context=context,
        )
        return _records(chosen, "expand_params", answer, str)

    # Heard by all extensions

    def load_extensions(self) -> None:
        """Load every extension; one that does not load or fit is reported and skipped.

        A repeat does nothing.
        """
        with self._lock:
            if self._extensions is None:
                self._extensions = self._instances.extensions(self._report)
                self._hosts.clear()

    def review_plan(self, plan: Plan, context: Context) -> Plan:
        """Let every extension change or veto a plan, each getting what the one before returned.

        Raises `PolicyError` with a policy's message, `PluginError` when one fails: a policy that
        cannot be asked does not let anything pass.
        """
        from outrig.model.session import Plan

        self.load_extensions()
        host = self._extension_host()
        for one, _ in host.order("review_plan"):
            own = with_settings(context, self._instances.settings_of(one))
            try:
                answer = host.tell(one, "review_plan", plan=plan, context=own)
            except PolicyError as error:
                error.hint = error.hint or f"the policy is {one.entry.label}"
                raise
            if answer is not None:
                plan = _record(one, "review_plan", answer, Plan)
        return plan

    def session_event(self, event: Event, context: Context) -> None:
        """Tell every extension; what one raises is reported and changes nothing."""
        self.load_extensions()
        host = self._extension_host()
        for one, _ in host.order("session_event"):
            own = with_settings(context, self._instances.settings_of(one))
            try:
                host.tell(one, "session_event", event=event, context=own)
            except OutrigError as error:
                self._report(str(error))

    def extension_order(self, hook: str) -> tuple[tuple[Registered, bool], ...]:
        """Return the extensions of a hook as they are called, each with whether it wraps it."""
        return self._extension_host().order(hook)

    # How

    def _extension_host(self) -> Host:
        with self._lock:
            if 0 not in self._hosts:
                self._hosts[0] = Host(None, self._extensions or ())
            return self._hosts[0]

    def _chosen(
        self, kind: Kind, name: str, context: Context, url: str | None = None
    ) -> tuple[Host, Registered, Context]:
        chosen = self._instances.for_context(kind, name, context.settings, url=url)
        own = with_settings(context, self._instances.settings_of(chosen))
        return self._host(chosen), chosen, own

    def _host(self, chosen: Registered) -> Host:
        with self._lock:
            host = self._hosts.get(id(chosen))
            if host is None:
                host = Host(chosen, self._extensions or ())
                self._hosts[id(chosen)] = host
            return host


def scheme(url: str) -> str:
    """Return the scheme of a store's URL; a path without one is `file`."""
    head, colon, _ = url.partition(":")
    return head.lower() if colon and head.replace("+", "").replace("-", "").isalnum() else "file"


def _record(chosen: Registered, hook: str, answer: object, wanted: type[T]) -> T:
    if not isinstance(answer, wanted):
        raise _wrong(chosen, hook, answer, wanted.__name__)
    return answer


def _records(chosen: Registered, hook: str, answer: object, wanted: type[T]) -> tuple[T, ...]:
    if not isinstance(answer, tuple) or not all(isinstance(one, wanted) for one in answer):
        raise _wrong(chosen, hook, answer, f"a tuple of {wanted.__name__}")
    return answer


def _wrong(chosen: Registered, hook: str, answer: object, wanted: str) -> PluginError:
    return PluginError(
        f"{chosen.entry.label} answered {hook} with {type(answer).__name__}, not {wanted}",
        hint=f"tell the authors of {chosen.entry.distribution}",
    )


def _installed() -> Manifest:
    from outrig.manifest import load

    return load()
