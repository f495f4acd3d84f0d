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
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from outrig import __version__
from outrig.distributions import Distribution, text_of, unfit
from outrig.distributions import distributions as read_distributions
from outrig.manifest import OWN, Entry, Problem, key, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.manifest import Found

LIMIT_S = 10.0
OWN_LIMIT_S = 120.0
SLOW_S = 3.0
"""A command that takes longer to import is used, and told."""
RETRY_S = 3600.0
"""A plugin that took too long may have had a busy machine: it is looked at again after this."""
_running: set[subprocess.Popen[bytes]] = set()
_BOOT = "import sys; sys.path[:] = sys.argv[1:]; from outrig.probe import main; main()"


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
    distributions = list(read_distributions(own_only, problems))
    findings = _look_at_all(distributions, limit_s)
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


def _look_at_all(distributions: list[Distribution], limit_s: float | None) -> list[Findings]:
    with ThreadPoolExecutor(max_workers=4) as pool:
        try:
            return list(pool.map(lambda one: look_at(one, limit_s), distributions))
        except BaseException:  # Ctrl-C must not wait for a plugin that hangs
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(_running):
                _end(process)
            raise


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


def look_at(one: Distribution, limit_s: float | None = None) -> Findings:
    """Check a distribution's version range and entry points, and look at its commands."""
    from packaging.specifiers import SpecifierSet

    if not SpecifierSet(one.requires).contains(__version__, prereleases=True):
        reason = f"it needs outrig {one.requires}, this is {__version__}"
        return Findings([], [Problem(one.name, one.version, "", "", reason)], [], False)
    problems = []
    good = []
    for group, name, value in one.entries:
        reason = unfit(group, name, value)
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
            nuisances = list(_nuisances(finding.pop("took_s", 0), finding.pop("printed", "")))
            if reason is None:
                problems += [_problem(entry, one, True) for one in nuisances]
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


def _nuisances(took_s: object, printed: object) -> Iterator[str]:
    """Yield what a command that works has done wrong while it was imported."""
    if isinstance(took_s, float) and took_s > SLOW_S:
        yield f"it took {took_s:.1f} s to import"
    if printed:
        yield f"it printed while it was imported: {printed}"


def _problem(entry: Entry, reason: str, used: bool = False) -> Problem:
    return Problem(entry.distribution, entry.version, entry.group, entry.name, reason, used)


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
            "limit": max(timeout_s, 0),
            "entries": [(entry.group, entry.value) for entry in entries],
        }
        late = not _run_probe(json.dumps(request).encode(), timeout_s)
        lines = text_of(out).splitlines()
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
    _running.add(process)
    try:
        process.communicate(request, timeout=max(timeout_s, 0.1))
    except subprocess.TimeoutExpired:
        return False
    finally:
        _end(process)
        process.wait()
        _running.discard(process)
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process together with whatever the plugin started."""
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
