"""The kinds of plugins, and what each may answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from outrig.hookspecs import EXPANDER_HOOKS, EXTENSION_HOOKS, PROVIDER_HOOKS, STORE_HOOKS

FLAG_MARK = "--"
"""Marks, among a session's recorded settings, those that came from the command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    noun: str
    section: str
    answers: tuple[str, ...]


class Kind(Enum):
    """One entry-point group whose plugins have hooks."""

    PROVIDER = _About(noun="provider", section="providers", answers=PROVIDER_HOOKS)
    STORE = _About(noun="store", section="stores", answers=STORE_HOOKS)
    EXPANDER = _About(noun="expander", section="expanders", answers=EXPANDER_HOOKS)
    EXTENSION = _About(noun="extension", section="extensions", answers=EXTENSION_HOOKS)

    @property
    def noun(self) -> str:
        """What one of them is called in messages."""
        return self.value.noun

    @property
    def section(self) -> str:
        """The section of the configuration, and the end of the entry-point group's name."""
        return self.value.section

    @property
    def answers(self) -> tuple[str, ...]:
        """The hooks it may answer; extensions may wrap the others."""
        return self.value.answers


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginEntry:
    """One plugin as the manifest lists it: nothing of it is imported yet."""

    kind: Kind
    name: str
    value: str
    distribution: str
    version: str

    @property
    def label(self) -> str:
        """How messages name it: `provider "acme" (acme-cloud 1.2)`."""
        return f'{self.kind.noun} "{self.name}" ({self.distribution} {self.version})'
