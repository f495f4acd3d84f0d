"""Finds what is installed, for `outrig.manifest`: entry points of every distribution.

No plugin is imported in this process: each distribution's command classes are looked at by a child
process with a time limit (`outrig.probe`), so nothing that a plugin does while it is imported
reaches the user's command.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from outrig import __version__
from outrig.manifest import GROUPS, OWN, Entry, Problem, installed, key, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from outrig.manifest import Found

LIMIT_S = 10.0
OWN_LIMIT_S = 120.0
RETRY_S = 3600.0
"""A plugin that took too long may have had a busy machine: it is looked at again after this."""
_PREFIX = "outrig."
_BOOT = "import sys; sys.path[:] = sys.argv[1:]; from outrig.probe import main; main()"


class Distribution(NamedTuple):
    """One installed distribution: its metadata, its entry points in our groups."""

    name: str
    version: str
    requires: str
    root: str
    entries: tuple[tuple[str, str, str], ...]


class Findings(NamedTuple):
    """What looking at one distribution gave."""

    entries: list[Entry]
    problems: list[Problem]
    sources: list[str]
    slow: bool


def build(own_only: bool = False, limit_s: float | None = None) -> Found:
    """Look at everything installed and return what the manifest file holds.

    `limit_s` is how long a distribution's commands may take to import, in seconds.
    """
    found_key = key()
    problems: list[Problem] = []
    distributions = list(_distributions(own_only, problems))
    with ThreadPoolExecutor(max_workers=4) as pool:
        findings = list(pool.map(lambda one: look_at(one, limit_s), distributions))
    entries: dict[tuple[str, str], Entry] = {}
    for one in findings:
        problems += one.problems
        for entry in one.entries:
            problems += _add(entry, entries)
    sources = sorted({source for one in findings for source in one.sources})
    return {
        "key": found_key,
        "sources": sources,
        "stamp": stamp(sources),
        "until": time.time() + RETRY_S if any(one.slow for one in findings) else None,
        "entries": [entry.row for entry in entries.values()],
        "problems": [problem.row for problem in problems],
    }


def write(file: str, found: Found) -> None:
    """Write the manifest file whole; where that cannot be, the next command looks again."""
    path = Path(file)
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".plugins-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(found, stream)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def _add(entry: Entry, entries: dict[tuple[str, str], Entry]) -> Iterator[Problem]:
    """Add an entry unless the name is taken; the problem names both distributions."""
    there = entries.setdefault((entry.group, entry.name), entry)
    if there is entry or (there.kind == entry.kind == "group"):
        return
    reason = f"{there.distribution} {there.version} has that name already, and is used"
    yield Problem(entry.distribution, entry.version, entry.group, entry.name, reason)


def _distributions(own_only: bool, problems: list[Problem]) -> Iterator[Distribution]:
    """Yield each distribution with entry points of ours once: Outrig first, then as on the path."""
    seen: dict[str, Distribution] = {}
    for directory, _ in installed():
        text = _text(Path(directory, "entry_points.txt"))
        entries = tuple(_entry_points(text))
        if not entries:
            continue
        found = _distribution(Path(directory), entries, problems)
        if found is not None:
            seen.setdefault(found.name.lower().replace("_", "-").replace(".", "-"), found)
    if OWN in seen:
        yield seen.pop(OWN)
    if not own_only:
        yield from seen.values()


def _text(path: Path) -> str:
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
    directory: Path, entries: tuple[tuple[str, str, str], ...], problems: list[Problem]
) -> Distribution | None:
    guess = directory.stem.partition("-")
    metadata = _text(directory / "METADATA") or _text(directory / "PKG-INFO")
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


def _editable_root(directory: Path) -> str:
    """Return where the sources of an editable install are, empty for an ordinary one."""
    if directory.suffix == ".egg-info":
        return str(directory.parent)
    try:
        record = json.loads((directory / "direct_url.json").read_text("utf-8"))
        url = urlsplit(record["url"])
        editable = record["dir_info"]["editable"] is True
    except (OSError, ValueError, LookupError, TypeError):
        return ""
    return unquote(url.path) if editable and url.scheme == "file" else ""


def look_at(one: Distribution, limit_s: float | None = None) -> Findings:
    """Check a distribution's version range and entry points, and look at its commands."""
    from packaging.specifiers import SpecifierSet

    if not SpecifierSet(one.requires).contains(__version__, prereleases=True):
        reason = f"it needs outrig {one.requires}, this is {__version__}"
        return Findings([], [Problem(one.name, one.version, "", "", reason)], [], False)
    problems = []
    good = []
    for group, name, value in one.entries:
        reason = _unfit(group, name, value)
        if reason:
            problems.append(Problem(one.name, one.version, group, name, reason))
        else:
            good.append(Entry(group, name, value, one.name, one.version, one.requires))
    limit = limit_s or (OWN_LIMIT_S if one.name == OWN else _limit())
    return _look_at_commands(one, good, problems, limit)


def _limit() -> float:
    try:
        return float(os.environ["OUTRIG_PLUGIN_TIMEOUT"])
    except (LookupError, ValueError):
        return LIMIT_S


def _unfit(group: str, name: str, value: str) -> str:
    """Return what is wrong with an entry point as it is written down, empty if nothing."""
    if group not in GROUPS:
        return f"Outrig {__version__} does not know the group"
    module, colon, attribute = value.partition(":")
    names = [*module.split("."), *attribute.split(".")]
    if not colon or not all(one.isidentifier() for one in names):
        return f"{value!r} is not of the form module:name"
    words = name.split(".") if group == "commands" else [name]
    plain = [word.replace("-", "").replace("_", "").replace("+", "") for word in words]
    if not all(word.isalnum() and word.islower() for word in plain) or words[0][0] in "-_":
        return f"{name!r} is no name: lower-case letters, digits and dashes, words joined by dots"
    return "'help' is a word of Outrig's own" if words[0] == "help" else ""


def _look_at_commands(
    one: Distribution, good: list[Entry], problems: list[Problem], limit_s: float
) -> Findings:
    waiting = [entry for entry in good if entry.group == "commands"]
    findings = Findings([entry for entry in good if entry.group != "commands"], problems, [], False)
    end = time.monotonic() + limit_s
    while waiting:
        told = _probe(waiting, one.root, end - time.monotonic())
        findings.sources.extend(told.sources)
        for entry, finding in zip(waiting, told.findings, strict=False):
            reason = finding.pop("reason", None)
            if reason is None:
                findings.entries.append(Entry(*entry.row[:6], **finding))  # type: ignore[arg-type]
            else:
                problems.append(_problem(entry, str(reason)))
        waiting = waiting[len(told.findings) :]
        if told.late:
            reason = f"looking at its commands took more than {limit_s:g} s"
            problems += [_problem(entry, reason) for entry in waiting]
            return findings._replace(slow=True)
        if waiting:
            problems.append(_problem(waiting.pop(0), "importing it ended the process"))
    return findings


def _problem(entry: Entry, reason: str) -> Problem:
    return Problem(entry.distribution, entry.version, entry.group, entry.name, reason)


class Told(NamedTuple):
    """What one process told: a finding for each entry it came to the end of, in order."""

    findings: list[dict[str, object]]
    sources: list[str]
    late: bool


def _probe(entries: list[Entry], root: str, timeout_s: float) -> Told:
    """Look at entries in a process of its own, which is ended after `timeout_s` seconds."""
    with tempfile.TemporaryDirectory(prefix="outrig-probe-") as directory:
        out = Path(directory, "told")
        request = {
            "out": str(out),
            "root": root,
            "entries": [(entry.group, entry.value) for entry in entries],
        }
        late = not _run_probe(json.dumps(request).encode(), timeout_s)
        lines = _text(out).splitlines()
    findings: list[dict[str, object]] = []
    sources: list[str] = []
    for line in lines:
        with suppress(ValueError):
            told = json.loads(line)
            sources += told.pop("sources", ())
            if told:
                findings.append(told)
    return Told(findings, sources, late)


def _run_probe(request: bytes, timeout_s: float) -> bool:
    """Run the process to its end; false when it had to be ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", _BOOT, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.communicate(request, timeout=max(timeout_s, 0.1))
    except subprocess.TimeoutExpired:
        return False
    finally:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)  # with whatever the plugin started
        process.wait()
    return True
