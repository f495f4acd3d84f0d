"""Why plugins are not used, and how to mend that. Works with every plugin broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.plugins.examine import examine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.manifest import Entry, Manifest

_REMEDIES = (
    ("it needs outrig", "install a release of {0} for this Outrig, or: pip install -U outrig"),
    ("half uninstalled", "remove that directory, or: pip install --force-reinstall {0}"),
    ("has that name already", "keep one of the two: pip uninstall {0}"),
    ("does not know the group", "install a release of {0} for this Outrig"),
    ("while it was imported", "tell the authors of {0} to print nothing on import"),
    ("s to import", "tell the authors of {0} to import large packages inside functions"),
    ("took more than", "give it longer with OUTRIG_PLUGIN_TIMEOUT, or: pip uninstall {0}"),
    ("is not of the form", "tell the authors of {0}"),
    ("is no name", "tell the authors of {0}"),
    ("ModuleNotFoundError", "install what it lacks: pip install --force-reinstall {0}"),
    ("does not fit", "install a release of {0} for this Outrig, or tell its authors"),
    ("is refused", "tell the authors of {0}"),
)
_OTHERWISE = "pip install --force-reinstall {0}, or go without: pip uninstall {0}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """How one plugin stands; `problem` and `remedy` are empty when it can be used."""

    name: str
    kind: str
    distribution: str
    version: str
    problem: str = ""
    remedy: str = ""


def diagnose(manifest: Manifest) -> Iterator[Diagnosis]:
    """Yield what is wrong first, then the providers, stores, expanders and extensions tried out.

    `manifest` should have been made anew. Each plugin is tried in a process of its own.
    """
    for one in manifest.problems:
        yield Diagnosis(
            name=one.name.replace(".", " ") or one.distribution,
            kind=one.group.removesuffix("s") or "distribution",
            distribution=one.distribution,
            version=one.version,
            problem=one.reason,
            remedy=remedy(one.reason, one.distribution),
        )
    for entry in manifest:
        if entry.group != "commands":
            yield _tried(entry)


def remedy(reason: str, distribution: str) -> str:
    """Return what to do about a problem."""
    for sign, text in _REMEDIES:
        if sign in reason:
            return text.format(distribution)
    return _OTHERWISE.format(distribution)


def _tried(entry: Entry) -> Diagnosis:
    problem = examine(entry) or ""
    return Diagnosis(
        name=entry.name,
        kind=entry.group.removesuffix("s"),
        distribution=entry.distribution,
        version=entry.version,
        problem=problem,
        remedy=remedy(problem, entry.distribution) if problem else "",
    )
