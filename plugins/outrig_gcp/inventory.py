"""What there is in the project, by its labels: every kind of thing that could be left behind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from outrig.api import OWNER_TAG, SESSION_TAG, Release, ResourceRef
from outrig.cloud.account import Account, at_once
from outrig.cloud.machines import THERE, Listing, Machine, MachineState, Wanted
from outrig.errors import AuthError, OutrigError
from outrig_gcp.faults import HELD, is_missing, reason_of
from outrig_gcp.labels import described, label, session_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig_gcp.calls import Gcp

AT_ONCE = 50
FIREWALL = "firewall"
_PLACES = {
    "disk": "zones/{}/disks",
    "address": "regions/{}/addresses",
    FIREWALL: "global/firewalls",
}
"""Where resources are that can be left behind."""
RAY_LABELS = "ray-"
"""What the labels of Ray's cluster launcher begin with."""
_STATES = {
    "PROVISIONING": MachineState.PENDING,
    "STAGING": MachineState.PENDING,
    "RUNNING": MachineState.RUNNING,
    "REPAIRING": MachineState.RUNNING,
    "STOPPING": MachineState.STOPPING,
    "PENDING_STOP": MachineState.STOPPING,
    "SUSPENDING": MachineState.STOPPING,
    "DEPROVISIONING": MachineState.ENDING,
    "SUSPENDED": MachineState.STOPPED,
    "STOPPED": MachineState.STOPPED,
    "TERMINATED": MachineState.STOPPED,
}


class Project(Account):
    """Instances, and what else carries our labels; the one scope is the project."""

    name = "gcp"

    def __init__(self, gcp: Gcp) -> None:
        self.gcp = gcp

    def scopes(self) -> tuple[str, ...]:
        """Return the project."""
        return (self.gcp.project,)

    def machines(self, scope: str, wanted: Wanted, *, ended: bool = False) -> Listing:
        """Return instances of all zones; a zone that does not answer is named."""
        found: list[Machine] = []
        silent: list[str] = []
        for asked in _asked(wanted):
            for where, one in self._everywhere(scope, "instances", asked, silent):
                found.append(machine_of(one, scope, where))
        kept = [one for one in found if ended or one.state in THERE]
        return Listing(machines=tuple(kept), silent=tuple(dict.fromkeys(silent)))

    def _everywhere(
        self, scope: str, kind: str, asked: str, silent: list[str]
    ) -> Iterator[tuple[str, Any]]:
        """Yield what there is of a kind, with its zone or region."""
        path = f"projects/{scope}/aggregated/{kind}"
        for page in self.gcp.pages(path, filter=asked, returnPartialSuccess="true"):
            silent += [one.rpartition("/")[2] for one in page.get("unreachables", ())]
            for where, part in page.get("items", {}).items():
                if part.get("warning", {}).get("code") == "UNREACHABLE":
                    silent.append(where.rpartition("/")[2])
                for one in part.get(kind, ()):
                    yield where.rpartition("/")[2], one

    def others(self, scope: str, wanted: Wanted) -> Iterator[ResourceRef]:
        """Yield disks that no instance has, addresses, and firewall rules."""
        silent: list[str] = []
        for asked in _asked(wanted):
            for kind, path in (("disk", "disks"), ("address", "addresses")):
                for where, one in self._everywhere(scope, path, asked, silent):
                    if not one.get("users"):
                        session = session_of(one.get("labels", {}))
                        name = f"{where}/{one['name']}"
                        yield ResourceRef(kind=kind, id=name, scope=scope, session_id=session)
        yield from self._rules(scope, wanted)

    def beside(self, scope: str, sessions: Sequence[str]) -> Iterator[ResourceRef]:
        """Yield the firewall rules that were made for sessions."""
        return self._rules(scope, Wanted(sessions=tuple(sessions)))

    def _rules(self, scope: str, wanted: Wanted) -> Iterator[ResourceRef]:
        """Yield firewall rules: they have no labels, so their description tells whose they are."""
        path = f"projects/{scope}/global/firewalls"
        for one in self.gcp.listed(path, filter='name eq "outrig-.*"'):
            known = described(one)
            session = session_of(known)
            ours = session in wanted.sessions or (
                not wanted.sessions and wanted.owner in (None, known.get(OWNER_TAG, ""))
            )
            if SESSION_TAG in known and ours:
                name = str(one["name"])
                yield ResourceRef(kind=FIREWALL, id=name, scope=scope, session_id=session)

    def start(self, scope: str, machines: Sequence[Machine]) -> None:
        """Start instances that are stopped."""
        for operation in at_once(lambda one: self.gcp.post(f"{_path(one)}/start"), machines):
            self.gcp.wait(operation)

    def end(self, scope: str, machines: Sequence[Machine], how: Release) -> dict[str, str]:
        """Delete instances, or with `KEEP` stop them; their disks go with them."""
        reasons = at_once(lambda one: self._ended(one, how), machines)
        found = zip(machines, reasons, strict=True)
        return {one.id: reason for one, reason in found if reason is not None}

    def _ended(self, machine: Machine, how: Release) -> str | None:
        """Ask for one to end; returns why that was refused."""
        try:
            if how is Release.KEEP:
                self.gcp.post(f"{_path(machine)}/stop")
            else:
                self.gcp.delete(_path(machine))
        except AuthError:
            raise
        except OutrigError as err:
            return None if is_missing(err) or reason_of(err) == "resourceNotReady" else str(err)
        return None

    def remove(self, ref: ResourceRef) -> bool:
        """Remove another resource, true once it is gone; false while something holds on to it."""
        if ref.kind not in _PLACES:
            raise OutrigError(f"there is no telling how to remove a {ref.kind}")
        where, _, name = ref.id.rpartition("/")
        place = _PLACES[ref.kind].format(where)
        try:
            path = f"projects/{ref.scope or self.gcp.project}/{place}/{name}"
            self.gcp.wait(self.gcp.delete(path))
        except OutrigError as err:
            if reason_of(err) in HELD:
                return False
            if not is_missing(err):
                raise
        return True

    def explained(self, machine: Machine) -> Machine:
        """Tell whether Google preempted a spot instance: an operation of its zone says so."""
        if not machine.spot:
            return machine
        asked = '(operationType="compute.instances.preempted")'
        path = f"projects/{machine.scope}/zones/{machine.zone}/operations"
        found = [str(one.get("targetLink", "")) for one in self.gcp.listed(path, filter=asked)]
        if not any(one.endswith(f"/{machine.id}") for one in found):
            return machine
        return replace(machine, why="Google took its spot instance back", taken_back=True)


def _path(machine: Machine) -> str:
    return f"projects/{machine.scope}/zones/{machine.zone}/instances/{machine.id}"


def _asked(wanted: Wanted) -> Iterator[str]:
    """Yield the filters for what is wanted: several where there are many values."""
    key = "name" if wanted.ids else f"labels.{SESSION_TAG}"
    values = [*(wanted.ids or wanted.sessions)]
    for start in range(0, len(values), AT_ONCE):
        part = values[start : start + AT_ONCE]
        yield " OR ".join(f'({key}="{label(one)}")' for one in part)
    if values:
        return
    if wanted.tag is None and wanted.owner is not None:
        yield f'(labels.{OWNER_TAG}="{label(wanted.owner)}")'
    else:
        yield f"labels.{label(wanted.tag or SESSION_TAG)}:*"


def machine_of(found: Any, scope: str, zone: str) -> Machine:
    """Return an instance as a machine, as far as Google knows it."""
    known = found.get("labels", {})
    nic: Any = next(iter(found.get("networkInterfaces") or ()), {})
    public = [one.get("natIP") for one in nic.get("accessConfigs") or () if one.get("natIP")]
    state = _STATES.get(str(found.get("status", "")), MachineState.PENDING)
    scheduling = found.get("scheduling", {})
    items = {one["key"]: one.get("value", "") for one in found.get("metadata", {}).get("items", ())}
    last = found["name"].rpartition("-")[2]
    return Machine(
        id=str(found["name"]),
        scope=scope,
        state=state,
        zone=zone,
        type=str(found.get("machineType", "")).rpartition("/")[2],
        rank=int(last) if last.isdigit() else 0,
        spot=scheduling.get("provisioningModel") == "SPOT",
        public=str(public[0]) if public else "",
        private=str(nic.get("networkIP") or ""),
        session=session_of(known),
        owner=known.get(OWNER_TAG, ""),
        launched=str(found.get("lastStartTimestamp") or found.get("creationTimestamp", "")),
        known={"user": str(items.get("outrig-user", ""))},
        tags={key: str(one) for key, one in known.items() if key.startswith(RAY_LABELS)},
    )
