"""What the shared part of cloud providers asks of one cloud."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from outrig.cloud.machines import Listing, Machine, Wanted
    from outrig.model.node import Release, ResourceRef


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

    @abstractmethod
    def beside(self, scope: str, sessions: Sequence[str]) -> Iterable[ResourceRef]:
        """Return what was made for sessions beside their machines, and goes once those are gone."""
