"""What there is of clusters: our own, by the records, and anybody's, by the tags of Ray's launcher.

daft-launcher and `ray up` tag their machines alike, so both are found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from outrig.api import (
    SESSION_TAG,
    NodeQuery,
    OwnsResources,
    Release,
    ResourceRef,
    Role,
    RunStatus,
    SessionState,
)
from outrig.errors import AuthError, ConfigError, OutrigError, PluginError
from outrig_ray.api import PROJECT, RUNTIME, SET_UP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrig.api import Inventory, Node, Outrig, ReleaseReport, Run, Session

CLUSTER_TAG = "ray-cluster-name"
TYPE_TAG = "ray-node-type"
_SHOWN = timedelta(hours=1)
"""How long clusters on machines of one's own are listed after their end, as EC2 lists its own."""
_STATES = {
    SessionState.RUNNING: "running",
    SessionState.SUSPENDED: "stopped",
    SessionState.TERMINATING: "shutting-down",
    SessionState.TERMINATED: "terminated",
    SessionState.CANCELLED: "terminated",
    SessionState.ERROR: "shutting-down",
}
_ORDER = ("running", "pending", "stopping", "stopped", "shutting-down", "terminated")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedNode:
    """One node of a cluster: `state` in EC2's words, `trouble` what failed on it."""

    cluster: str
    role: str
    id: str
    state: str
    address: str = ""
    provider: str = ""
    scope: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What was found, in the order to show it, and what could not be asked."""

    nodes: tuple[ListedNode, ...]
    silent: tuple[str, ...] = ()


def list_nodes(
    outrig: Outrig, regions: Sequence[str], *, everywhere: bool, providers: Sequence[str] = ()
) -> Listed:
    """Return all nodes of clusters; AWS is asked in `regions`, and where sessions are.

    Other clouds are asked where there are sessions, and when they are among `providers`. Where
    nothing says that there is an account of AWS nothing is said of it either.
    """
    sessions = outrig.sessions(PROJECT, ended=True)
    nodes = {one.id: one for session in sessions for one in _recorded(outrig, session)}
    silent: list[str] = []
    for provider, settings in _places(sessions, regions, providers):
        meant = bool(settings) or everywhere or provider != "aws"
        found, problems = _ask(outrig, provider, settings, everywhere=everywhere)
        silent += problems if meant else []
        for node in found:
            listed = _listed(node, sessions)
            if (known := nodes.get(node.id)) is not None:
                nodes[node.id] = replace(known, state=listed.state, address=listed.address)
            elif listed.cluster:
                nodes[node.id] = listed
    ordered = sorted(nodes.values(), key=_order)
    return Listed(nodes=tuple(ordered), silent=tuple(dict.fromkeys(silent)))


def _order(node: ListedNode) -> tuple[int, str, bool, str]:
    place = _ORDER.index(node.state) if node.state in _ORDER else len(_ORDER)
    return place, node.cluster, node.role != Role.HEAD.value, node.id


def _recorded(outrig: Outrig, session: Session) -> Iterator[ListedNode]:
    """Yield the nodes of a session of ours, as last seen."""
    if session.state.ended and not _is_shown(outrig, session):
        return
    troubles = _troubles(outrig, session)
    for node in session.nodes:
        yield ListedNode(
            cluster=session.name,
            role=node.role.value,
            id=node.id,
            state=_STATES.get(session.state, "pending"),
            address=node.address if session.state is SessionState.RUNNING else "",
            provider=session.provider,
            scope=node.data.get("scope", ""),
            trouble=troubles.get(node.id, ""),
        )


def _is_shown(outrig: Outrig, session: Session) -> bool:
    """Tell whether a session that has ended is listed: clouds list their machines themselves."""
    if datetime.now(UTC) - session.used_at > _SHOWN:
        return False
    try:
        return not isinstance(outrig.runtime.provider(session), OwnsResources)
    except OutrigError:
        return True  # its plugin is gone; `plugin doctor` says so


def _troubles(outrig: Outrig, session: Session) -> dict[str, str]:
    """Return what set-up or Ray's start failed with, by node: the newest run on each counts."""
    if session.state is SessionState.ERROR and session.nodes:
        return {session.nodes[0].id: session.error or "it could not be released"}
    if session.state is not SessionState.RUNNING:
        return {}
    try:
        runs = outrig.refresh(session)
    except OutrigError as err:
        return {session.nodes[0].id: str(err)}
    newest: dict[tuple[str, str], Run] = {}
    for run in sorted(runs, key=lambda one: one.id):
        if run.ref is not None and run.command in (SET_UP, RUNTIME):
            newest[run.ref.node.id, run.command] = run
    troubles = {}
    for command, what in ((RUNTIME, "Ray has ended"), (SET_UP, "set-up failed")):
        for (node, of), run in newest.items():
            if of == command and run.state.status in (RunStatus.FAILED, RunStatus.LOST):
                troubles[node] = f"{what}; see outrig run logs {run.id}"
    return troubles


def _places(
    sessions: Sequence[Session], regions: Sequence[str], providers: Sequence[str]
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the clouds to ask, and with which settings: AWS in regions of files and sessions."""
    asked = dict.fromkeys(regions)
    for session in sessions:
        if session.provider == "aws":
            asked |= dict.fromkeys(
                one.data["scope"] for one in session.nodes if "scope" in one.data
            )
    yield "aws", {"region": tuple(asked)} if asked else {}
    if "gcp" in providers or any(one.provider == "gcp" for one in sessions):
        yield "gcp", {}


def _ask(
    outrig: Outrig, provider: str, settings: Mapping[str, object], *, everywhere: bool
) -> tuple[list[Node], list[str]]:
    found: list[Node] = []
    silent: list[str] = []
    scopes = ("*",) if everywhere else ()
    for tag in (SESSION_TAG, CLUSTER_TAG):
        query = NodeQuery(tag=tag, scopes=scopes)
        try:
            one: Inventory = outrig.inventory(provider, query, settings)
        except (AuthError, ConfigError, PluginError) as err:
            return found, [f"{provider}: {err}"]
        except OutrigError as err:
            silent.append(f"{provider}: {err}")
            continue
        found += one.nodes
        silent += [f"{provider}: {scope} could not be asked" for scope in one.scopes_not_asked]
    return found, silent


def _listed(node: Node, sessions: Sequence[Session]) -> ListedNode:
    owner = next((one for one in sessions if one.id == node.data.get("session")), None)
    state = node.data.get("state", "")
    ours = next((one for one in owner.nodes if one.id == node.id), None) if owner else None
    return ListedNode(
        cluster=owner.name if owner else node.data.get(f"tag:{CLUSTER_TAG}", ""),
        role=ours.role.value if ours else node.data.get(f"tag:{TYPE_TAG}", "worker"),
        id=node.id,
        state=state,
        address=node.address if state == "running" else "",
        provider=node.provider,
        scope=node.data.get("scope", ""),
    )


def take_down_found(
    outrig: Outrig, nodes: Sequence[ListedNode], *, keep: bool
) -> list[ReleaseReport]:
    """Terminate, or with `keep` stop, machines that no session of ours has."""
    how = Release.KEEP if keep else Release.TERMINATE
    reports = []
    for provider in dict.fromkeys(one.provider for one in nodes):
        mine = [one for one in nodes if one.provider == provider]
        refs = [ResourceRef(kind="node", id=one.id, scope=one.scope) for one in mine]
        reports.append(outrig.give_back(provider, refs, how))
    return reports
