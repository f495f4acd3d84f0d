"""Giving things back: machines first, then what can only go once they are gone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outrig.cloud.account import at_once
from outrig.cloud.machines import MachineState, Wanted
from outrig.errors import OutrigError
from outrig.model.node import Release, ReleaseReport, ResourceRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.cloud.account import Account
    from outrig.cloud.machines import Listing, Machine
    from outrig.interfaces import Context

LONGEST_PAUSE_S = 10.0
_RESTING = (MachineState.STOPPED, MachineState.GONE)


class Removal:
    """The giving back of things in one scope."""

    def __init__(
        self, account: Account, scope: str, context: Context, poll_s: float, limit_s: float
    ) -> None:
        self._account = account
        self._scope = scope
        self._context = context
        self._poll_s = poll_s
        self._limit_s = limit_s
        self._asked: dict[str, ResourceRef] = {}
        self._failed: dict[ResourceRef, str] = {}

    def run(self, targets: Sequence[ResourceRef], how: Release) -> ReleaseReport:
        """Give back, or with `KEEP` only stop; what is missing counts as given back."""
        nodes = [one for one in targets if one.kind == "node"]
        rest = [one for one in targets if one.kind != "node"]
        self._asked = {one.id: one for one in nodes}
        found, over = self._found(nodes)
        self.end(found, how)
        if how is Release.TERMINATE:
            beside = self._account.beside(self._scope, over) if over else ()
            each = {(ref.kind, ref.id): ref for ref in [*beside, *rest]}
            at_once(self._remove, each.values())
        released = tuple(one for one in targets if one not in self._failed)
        return ReleaseReport(released=released, failed=tuple(self._failed.items()))

    def end(self, machines: Sequence[Machine], how: Release) -> None:
        """End machines, or with `KEEP` stop them, and wait until they are: before nothing else."""
        refused = self._account.end(self._scope, machines, how) if machines else {}
        for one, reason in refused.items():
            self._fail(one, reason)
        self._wait([one.id for one in machines if one.id not in refused], how)

    def _found(self, nodes: Sequence[ResourceRef]) -> tuple[list[Machine], list[str]]:
        """Return the machines to give back, and the sessions that have none then.

        Of a session that is given back as a whole these are all: a start may have left some more.
        """
        known = {one.id for one in nodes}
        whole = {one.session_id for one in nodes} - {""}
        named = self._listed(Wanted(ids=tuple(sorted(known)))) if known else ()
        sessions = {one.session for one in named} - {""} | whole
        found = {one.id: one for one in named}
        over = set(sessions)
        asked = Wanted(sessions=tuple(sorted(sessions)))
        for one in self._listed(asked) if sessions else ():
            if one.session in whole:
                found[one.id] = one
            elif one.id not in known:
                over.discard(one.session)
        return [*found.values()], sorted(over)

    def _listed(self, wanted: Wanted) -> tuple[Machine, ...]:
        """Return what is there; what could not be asked about has not been given back."""
        listing = self._account.machines(self._scope, wanted, ended=True)
        self._doubt(listing, wanted)
        return tuple(one for one in listing.machines if one.state is not MachineState.GONE)

    def _doubt(self, listing: Listing, wanted: Wanted) -> None:
        if listing.silent:
            for one in {*wanted.ids} - {one.id for one in listing.machines}:
                self._fail(one, f"{', '.join(listing.silent)} could not be asked")

    def _wait(self, left: Sequence[str], how: Release) -> None:
        deadline = time.monotonic() + self._limit_s
        pause = self._poll_s
        while left:
            states = {one.id: one.state for one in self._listed(Wanted(ids=tuple(sorted(left))))}
            left = [one for one in states if not self._is_over(states[one], how)]
            if left and time.monotonic() > deadline:
                for one in left:
                    if how is Release.KEEP or states[one] is not MachineState.ENDING:
                        self._fail(one, f"it is still {states[one].value}")
                return
            if left:
                self._context.progress(0, len(left), "nodes to give back")
                time.sleep(pause)
                pause = min(pause * 1.5, LONGEST_PAUSE_S)

    def _is_over(self, state: MachineState, how: Release) -> bool:
        return state in _RESTING if how is Release.KEEP else state is MachineState.GONE

    def _fail(self, machine: str, reason: str) -> None:
        ref = ResourceRef(kind="node", id=machine, scope=self._scope)
        self._failed[self._asked.get(machine, ref)] = reason

    def _remove(self, ref: ResourceRef) -> None:
        """Remove what something may still hold on to for a moment."""
        deadline = time.monotonic() + self._limit_s
        try:
            while not self._account.remove(ref):
                if time.monotonic() > deadline:
                    self._failed[ref] = "something still uses it"
                    return
                time.sleep(self._poll_s)
        except OutrigError as err:
            self._failed[ref] = str(err)
