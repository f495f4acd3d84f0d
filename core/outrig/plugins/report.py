"""What is installed, as `plugin list` shows it. Nothing of a plugin is imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.hookspecs import hook_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.manifest import Entry, Manifest
    from outrig.plugins.facade import Hooks

_ADDS = {
    "providers": "nodes for projects with provider: {}",
    "stores": "snapshot stores at {}:…",
    "expanders": "parameter values as {}:…",
    "extensions": "is heard by every operation that changes something",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginInfo:
    """One plugin: a provider, a store, an expander, an extension, or a set of commands."""

    name: str
    kind: str
    version: str
    distribution: str
    adds: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookInfo:
    """One extension's part in a hook; `position` is when it is called, from 1."""

    hook: str
    position: int
    name: str
    how: str
    distribution: str
    version: str


def list_plugins(manifest: Manifest) -> tuple[PluginInfo, ...]:
    """Return the plugins of every kind; the commands of a distribution are one per first word."""
    return (*_plugins(manifest), *_command_sets(manifest))


def hook_order(hooks: Hooks) -> tuple[HookInfo, ...]:
    """Return which extensions take part in which hook, in the order they are called."""
    hooks.load_extensions()
    return tuple(
        HookInfo(
            hook=hook,
            position=position,
            name=one.entry.name,
            how="wraps" if wraps else "hears",
            distribution=one.entry.distribution,
            version=one.entry.version,
        )
        for hook in hook_names()
        for position, (one, wraps) in enumerate(hooks.extension_order(hook), 1)
    )


def _plugins(manifest: Manifest) -> Iterator[PluginInfo]:
    for group, adds in _ADDS.items():
        for name, entry in sorted(manifest.table(group).items()):
            yield PluginInfo(
                name=name,
                kind=group.removesuffix("s"),
                version=entry.version,
                distribution=entry.distribution,
                adds=adds.format(name),
            )


def _command_sets(manifest: Manifest) -> Iterator[PluginInfo]:
    sets: dict[tuple[str, str, str], list[Entry]] = {}
    for words, entry in sorted(manifest.commands.items()):
        key = (words.partition(" ")[0], entry.distribution, entry.version)
        sets.setdefault(key, []).append(entry)
    for (name, distribution, version), entries in sets.items():
        yield PluginInfo(
            name=name,
            kind="commands",
            version=version,
            distribution=distribution,
            adds=_commands(name, entries),
        )


def _commands(name: str, entries: list[Entry]) -> str:
    words = [
        entry.words.removeprefix(name).strip()
        for entry in entries
        if entry.kind == "command" and not entry.hidden
    ]
    below = ", ".join(filter(None, words))
    if below:
        return f"{name}: {below}"
    return next((entry.summary for entry in entries if entry.summary), name)
