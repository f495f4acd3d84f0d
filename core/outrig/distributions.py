"""Reads what installed distributions say of themselves, for `outrig.discovery`."""

from __future__ import annotations

import json
from contextlib import suppress
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from outrig import __version__
from outrig.manifest import GROUPS, OWN, Problem, installed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from zipfile import Path as ZipPath

    Directory = Path | ZipPath

_PREFIX = "outrig."


class Distribution(NamedTuple):
    """One installed distribution: its metadata, its entry points in our groups."""

    name: str
    version: str
    requires: str
    root: str
    entries: tuple[tuple[str, str, str], ...]


def distributions(own_only: bool, problems: list[Problem]) -> Iterator[Distribution]:
    """Yield each distribution with entry points of ours once: Outrig first, then as on the path."""
    seen: dict[str, Distribution] = {}
    for directory in _directories():
        text = text_of(directory / "entry_points.txt")
        entries = tuple(_entry_points(text))
        if not entries:
            continue
        found = _distribution(directory, entries, [] if own_only else problems)
        if found is not None:
            seen.setdefault(found.name.lower().replace("_", "-").replace(".", "-"), found)
    if OWN in seen:
        yield seen.pop(OWN)
    if not own_only:
        yield from seen.values()


def _directories() -> Iterator[Directory]:
    """Yield the directories of metadata, those within archives too."""
    for place, _ in installed():
        if place.endswith((".dist-info", ".egg-info")):
            yield Path(place)
            continue
        from zipfile import BadZipFile
        from zipfile import Path as ZipPath

        with suppress(BadZipFile, OSError):
            yield from (
                one
                for one in ZipPath(place).iterdir()
                if one.name.endswith((".dist-info", ".egg-info"))
            )


def text_of(path: Directory) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _entry_points(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield group (without `outrig.`), name and value of the entry points in groups of ours."""
    group = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif group.startswith(_PREFIX) and "=" in line and line[0] not in "#;":
            name, _, value = line.partition("=")
            yield group.removeprefix(_PREFIX), name.strip(), value.partition("[")[0].strip()


def _distribution(
    directory: Directory, entries: tuple[tuple[str, str, str], ...], problems: list[Problem]
) -> Distribution | None:
    guess = directory.name.rpartition(".")[0].partition("-")
    metadata = text_of(directory / "METADATA") or text_of(directory / "PKG-INFO")
    headers = HeaderParser().parsestr(metadata)
    name, version = headers["Name"], headers["Version"]
    if not name or not version:
        reason = f"{directory} has no METADATA; it seems to be half uninstalled"
        problems.append(Problem(guess[0], guess[2] or "?", "", "", reason))
        return None
    requires = headers.get_all("Requires-Dist") or []
    return Distribution(
        name, version, _range(requires), _editable_root(directory), tuple(dict.fromkeys(entries))
    )


def _range(requires: Iterable[str]) -> str:
    """Return the range of Outrig versions that a distribution's requirements ask for."""
    from packaging.requirements import InvalidRequirement, Requirement

    for text in requires:
        if not text.lower().startswith(OWN):
            continue
        with suppress(InvalidRequirement):
            requirement = Requirement(text)
            marker = requirement.marker
            if requirement.name.lower() == OWN and (
                marker is None or marker.evaluate({"extra": ""})
            ):
                return str(requirement.specifier)
    return ""


def _editable_root(directory: Directory) -> str:
    """Return where the sources of an editable install are, empty for an ordinary one."""
    if not isinstance(directory, Path):
        return ""
    if directory.suffix == ".egg-info":
        return str(directory.parent)
    try:
        record = json.loads((directory / "direct_url.json").read_text("utf-8"))
        url = urlsplit(record["url"])
        editable = record["dir_info"]["editable"] is True
    except (OSError, ValueError, LookupError, TypeError):
        return ""
    return unquote(url.path) if editable and url.scheme == "file" else ""


def unfit(group: str, name: str, value: str) -> str:
    """Return what is wrong with an entry point as it is written down, empty if nothing."""
    if group not in GROUPS:
        return f"Outrig {__version__} does not know the group"
    module, colon, attribute = value.partition(":")
    names = [*module.split("."), *attribute.split(".")]
    if not colon or not all(one.isidentifier() for one in names):
        return f"{value!r} is not of the form module:name"
    if group == "extensions":
        return ""
    words = name.split(".") if group == "commands" else [name]
    plain = [word.replace("-", "").replace("_", "").replace("+", "") for word in words]
    if not all(word.isalnum() and word.islower() for word in plain) or words[0][0] in "-_":
        return f"{name!r} is no name: lower-case letters, digits and dashes, words joined by dots"
    return "'help' is a word of Outrig's own" if words[0] == "help" else ""
