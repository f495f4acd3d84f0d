"""The provider `ssh`: the machines are there already, a session takes them as its nodes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import (
    Endpoint,
    Inventory,
    Node,
    NodeProvider,
    ReleaseReport,
    Role,
    WithCheck,
    WithOwnCount,
    ssh_transport,
)
from outrig.errors import CapacityError, ConfigError, OutrigError
from outrig_ssh.hosts import parse_groups, parse_hosts
from outrig_ssh.settings import SshSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig.api import (
        Context,
        EnvironmentSource,
        NodeQuery,
        ProvisionRequest,
        Release,
        ResourceRef,
        Settings,
    )
    from outrig_ssh.hosts import Host


class SshProvider(NodeProvider, WithCheck, WithOwnCount):
    """Sessions on machines over SSH; nothing is installed there and no port is opened."""

    settings_type = SshSettings

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.patience_s = self.own.patience_s
        self.keep_bytes = self.own.cache_mib << 20
        self._dead: set[str] = set()

    @property
    def own(self) -> SshSettings:
        """The settings, as what they are."""
        return self.settings if isinstance(self.settings, SshSettings) else SshSettings()

    def hosts(self) -> tuple[Host, ...]:
        """Return the hosts that the settings name; raises `ConfigError`."""
        return parse_hosts(self.own.hosts, parse_groups(self.own.groups))

    def own_count(self) -> int:
        """A session takes all hosts that it is given."""
        return max(1, len(self.hosts()))

    def provision(self, request: ProvisionRequest, context: Context) -> tuple[Node, ...]:
        """Connect to as many hosts as are wanted, in their order; dead ones are skipped.

        Raises `CapacityError` when there are too few, and the error of the first that is needed and
        cannot be reached.
        """
        context.check_cancelled()
        if request.resume:
            self.on_each(request.resume, self.client)
            return self._with_more(request, context)
        hosts = self.hosts()
        if not hosts:
            raise ConfigError(
                "provider ssh has no hosts",
                hint="give --hosts NAME,NAME, or: outrig provider add ssh NAME NAME",
            )
        if len(hosts) < request.count:
            raise CapacityError(
                f"provider ssh has {len(hosts)} host{'s' if len(hosts) != 1 else ''}, "
                f"{request.count} are asked for",
                hint="name more hosts: --hosts, providers.ssh.hosts",
            )
        return _ranked(self._reachable(hosts, request.count, context))

    def _with_more(self, request: ProvisionRequest, context: Context) -> tuple[Node, ...]:
        """Return the nodes that are there, and behind them others where more are asked for."""
        known = {one.id for one in request.resume}
        others = [one for one in self.hosts() if _node(one).id not in known]
        more = request.count - len(request.resume)
        if more <= 0:
            return request.resume
        if len(others) < more:
            raise CapacityError(
                f"provider ssh has {len(others)} more hosts, {more} are asked for",
                hint="name more hosts: --hosts, providers.ssh.hosts",
            )
        return _ranked([*request.resume, *self._reachable(others, more, context)])

    def _reachable(self, hosts: Sequence[Host], count: int, context: Context) -> list[Node]:
        found: list[Node] = []
        waiting = [_node(host) for host in hosts]
        while len(found) < count:
            turn, waiting = waiting[: count - len(found)], waiting[count - len(found) :]
            tried = self.on_each(turn, self._try)
            failures = [err for err in tried if err is not None]
            found += [node for node, err in zip(turn, tried, strict=True) if err is None]
            if len(found) + len(waiting) < count:
                raise failures[0]
            for err in failures:
                context.progress(len(found), count, f"hosts; skipped {err}")
            context.check_cancelled()
        return found

    def _try(self, node: Node) -> OutrigError | None:
        try:
            self.client(node)
        except OutrigError as err:
            self._dead.add(node.id)
            return err
        return None

    def list_nodes(self, query: NodeQuery, context: Context) -> Inventory:
        """Return the hosts that the settings name, whether they answer or not.

        For a session those are left out that just did not let us in: they hold nothing of it.
        """
        context.check_cancelled()
        if query.scopes:
            return Inventory(nodes=())
        nodes = [_node(one) for one in self.hosts()]
        left_out = self._dead if query.session_id else set()
        return Inventory(nodes=_ranked([one for one in nodes if one.id not in left_out]))

    def release(
        self, targets: tuple[ResourceRef, ...], how: Release, context: Context
    ) -> ReleaseReport:
        """Give nothing back: the machines stay, and the session's files go with `end_session`."""
        return ReleaseReport(released=targets)

    def check_environment(self, source: EnvironmentSource) -> None:
        """Leave it to `prepare`: hosts are not asked before the session has them."""

    def endpoint(self, node: Node) -> Endpoint:
        """Return how to log in to a host."""
        own, port = self.own, node.data.get("port")
        return Endpoint(
            host=node.data.get("host", node.address),
            port=int(port) if port else own.port,
            user=node.data.get("user") or own.user,
            key_file=_absolute(own.key_file),
            host_keys=own.host_key,
            jump=own.jump,
            python=own.python,
            root=own.root,
            transport=own.transport,
            config_file=_absolute(own.config_file),
            connect_s=own.connect_s,
            keep_s=own.keep_s,
            alive_s=own.alive_s,
        )

    def check(self) -> Iterator[tuple[str, bool, str]]:
        """Say which transport is used and why, and log in to each host."""
        try:
            yield "transport", True, ssh_transport(self.own.transport)
            for node in _ranked([_node(one) for one in self.hosts()]):
                err = self._try(node)
                said = f"Python {self.client(node).hello.python}" if err is None else str(err)
                yield node.id, err is None, said
        finally:
            self.close()


def _node(host: Host) -> Node:
    data = {"host": host.name, "user": host.user or "", "port": str(host.port or "")}
    return Node(id=host.label, provider="ssh", address=host.name, data=data)


def _ranked(nodes: Sequence[Node]) -> tuple[Node, ...]:
    return tuple(
        Node(
            id=node.id,
            provider=node.provider,
            role=Role.WORKER if rank else Role.HEAD,
            rank=rank,
            address=node.address,
            data=node.data,
        )
        for rank, node in enumerate(nodes)
    )


def _absolute(path: str | None) -> str | None:
    return None if path is None else str(Path(path).expanduser().absolute())
