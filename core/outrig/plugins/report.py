"""What is installed, as `plugin list` shows it. No plugin is imported in this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.hookspecs import hook_names
from outrig.plugins.cost import import_costs, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrig.manifest import Entry, Manifest
    from outrig.plugins.facade import Hooks

    Costs = Mapping[str, float | None]

_ADDS = {
    "providers": "nodes for projects with provider: {}",
    "stores": "snapshot stores at {}:…",
    "expanders": "parameter values as {}:…",
    "extensions": "is heard by every operation that changes something",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginInfo:
    """One plugin: a provider, a store, an expander, an extension, or a set of commands.

    `import_ms` is what importing it costs beyond Outrig and its SDK (of commands, all of them
    together), `None` where it cannot be imported.
    """

    name: str
    kind: str
    version: str
    distribution: str
    adds: str
    import_ms: float | None


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
    costs = import_costs([one for one in manifest if one.kind in ("plugin", "command")])
    return (*_plugins(manifest, costs), *_command_sets(manifest, costs))


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


def _plugins(manifest: Manifest, costs: Costs) -> Iterator[PluginInfo]:
    for group, adds in _ADDS.items():
        for name, entry in sorted(manifest.table(group).items()):
            yield PluginInfo(
                name=name,
                kind=group.removesuffix("s"),
                version=entry.version,
                distribution=entry.distribution,
                adds=adds.format(name),
                import_ms=costs[name_of(entry)],
            )


def _command_sets(manifest: Manifest, costs: Costs) -> Iterator[PluginInfo]:
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
            import_ms=_together(entries, costs),
        )


def _together(entries: list[Entry], costs: Costs) -> float | None:
    known = [costs[name_of(one)] for one in entries if one.kind == "command"]
    if any(cost is None for cost in known):
        return None
    return round(sum(cost for cost in known if cost is not None), 1)


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
