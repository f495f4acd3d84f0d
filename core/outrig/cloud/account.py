"""What the shared part of cloud providers asks of one cloud."""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from outrig.cloud.machines import Listing, Machine, Wanted
    from outrig.model.node import Release, ResourceRef

One = TypeVar("One")
Found = TypeVar("Found")

MOST_AT_ONCE = 8
"""How many calls of an account are under way at a time."""


def at_once(call: Callable[[One], Found], things: Iterable[One]) -> list[Found]:
    """Call for several things at a time; returns the answers in their order.

    Raises the first error, once all have been tried.
    """
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        return [one.result() for one in [pool.submit(call, thing) for thing in things]]


class Account(ABC):
    """One account (or project) of a cloud. Threads may share it; all may raise `OutrigError`."""

    name: str
    """The provider's name, as messages and candidates have it."""

    @abstractmethod
    def scopes(self) -> tuple[str, ...]:
        """Return where to ask, in order: regions, or the project."""

    @abstractmethod
    def machines(self, scope: str, wanted: Wanted, *, ended: bool = False) -> Listing:
        """Return machines that are there; with `ended` also those that end or have ended."""

    @abstractmethod
    def others(self, scope: str, wanted: Wanted) -> Iterable[ResourceRef]:
        """Return what else is there of ours: what goes with a machine is not listed apart."""

    @abstractmethod
    def start(self, scope: str, machines: Sequence[Machine]) -> None:
        """Start machines that are stopped."""

    @abstractmethod
    def end(self, scope: str, machines: Sequence[Machine], how: Release) -> Mapping[str, str]:
        """Ask for machines to be gone, or stopped with `KEEP`; returns refusals by id.

        What is gone already is no refusal. Spot machines that cannot be kept are ended.
        """

    @abstractmethod
    def remove(self, ref: ResourceRef) -> bool:
        """Remove another resource, true once it is gone; false while something holds on to it."""

    def explained(self, machine: Machine) -> Machine:
        """Return a machine that ended with the cloud's own word on why."""
        return machine

    @abstractmethod
    def beside(self, scope: str, sessions: Sequence[str]) -> Iterable[ResourceRef]:
        """Return what was made for sessions beside their machines, and goes once those are gone."""
