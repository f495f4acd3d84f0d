"""Which plugins there are, by kind and name, from the manifest: nothing is imported here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from outrig.errors import PluginError
from outrig.plugins.kinds import Kind, PluginEntry
from outrig.plugins.known import install_hint
from outrig.project.problem import nearest

if TYPE_CHECKING:
    from outrig.manifest import Manifest, Problem

GENERAL_STORE = "fsspec"


class Catalogue:
    """The plugins that may be used: what is installed, less what is broken or switched off."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why distributions and entry points are not used."""
        return self._manifest.problems

    def entries(self, kind: Kind) -> tuple[PluginEntry, ...]:
        """Return the usable plugins of a kind, by name."""
        return tuple(
            PluginEntry(
                kind=kind,
                name=name,
                value=one.value,
                distribution=one.distribution,
                version=one.version,
            )
            for name, one in sorted(self._manifest.table(kind.section).items())
        )

    def find(self, kind: Kind, name: str) -> PluginEntry:
        """Return the plugin of that name; raises `PluginError` saying how to get it."""
        for entry in self.entries(kind):
            if entry.name == name:
                return entry
        for problem in self.problems:
            if problem.group == kind.section and problem.name == name:
                raise PluginError(
                    f'{kind.noun} "{name}" ({problem.distribution} {problem.version}) is not used: '
                    f"{problem.reason}",
                    hint="see: outrig plugin doctor",
                )
        general = self._general(kind, name)
        if general is not None:
            return general
        raise PluginError(
            f'no {kind.noun} named "{name}" is installed{_switched_off(name)}',
            hint=self._hint(kind, name),
        )

    def _general(self, kind: Kind, name: str) -> PluginEntry | None:
        """Return the store that opens what no other does; not for those that ought to be there."""
        if kind is not Kind.STORE or install_hint(kind, name) is not None:
            return None
        return next((one for one in self.entries(kind) if one.name == GENERAL_STORE), None)

    def _hint(self, kind: Kind, name: str) -> str:
        hint = install_hint(kind, name)
        if hint is not None:
            return hint
        names = [entry.name for entry in self.entries(kind)]
        like = nearest(name, names)
        if like is not None:
            return f'did you mean "{like}"?'
        return f"installed: {', '.join(names) or 'none'}"


def _switched_off(name: str) -> str:
    """Say what the user switched off, as the name may be part of it."""
    without = os.environ.get("OUTRIG_WITHOUT_PLUGINS", "")
    if name in without.split(","):
        return f" (it is switched off by --without-plugin {name})"
    if os.environ.get("OUTRIG_PLUGINS"):
        return f" (OUTRIG_PLUGINS={os.environ['OUTRIG_PLUGINS']} leaves only Outrig's own)"
    return f" (without {without})" if without else ""
