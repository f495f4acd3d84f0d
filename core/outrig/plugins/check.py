"""Checks an installed plugin: metadata, documentation, fit, import time, and its contract."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.config.fields import fields_of
from outrig.errors import OutrigError
from outrig.manifest import OWN
from outrig.plugins.cost import BUDGET_MS, measure, name_of
from outrig.plugins.examine import examine
from outrig.plugins.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig.manifest import Entry, Manifest
    from outrig.plugins.facade import Hooks

TRIES = 3
CONTRACT_LIMIT_S = 1800.0
_README_LENGTH = 200
_CLASSES = {
    "providers": "TestProvider",
    "stores": "TestStore",
    "expanders": "TestExpander",
    "extensions": "TestExtension",
    "commands": "TestCommands",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. `ok` is `None` when it could not be."""

    plugin: str
    what: str
    ok: bool | None
    found: str


def check_distribution(manifest: Manifest, name: str) -> Iterator[Check]:
    """Look at what a distribution says of itself."""
    problems = [str(one) for one in manifest.problems if one.distribution == name]
    yield Check(
        plugin=name,
        what="entry points",
        ok=not problems,
        found="; ".join(problems) or "all are used",
    )
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        yield Check(plugin=name, what="metadata", ok=False, found="it has none")
        return
    lacks = list(_lacking(about, [] if name == OWN else metadata.requires(name) or []))
    yield Check(
        plugin=name,
        what="metadata",
        ok=not lacks,
        found="; ".join(lacks) or f"{about['Version']}: {about['Summary']}",
    )
    text = str(about.get_payload() or about["Description"] or "")  # type: ignore[attr-defined]
    long_enough = len(text) >= _README_LENGTH
    yield Check(
        plugin=name,
        what="readme",
        ok=long_enough,
        found=f"{len(text.splitlines())} lines" if long_enough else "says too little",
    )


def _lacking(about: metadata.PackageMetadata, requires: Sequence[str]) -> Iterator[str]:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    if not about["Summary"]:
        yield "it has no description"
    if not about["Requires-Python"]:
        yield "it does not say which Python it needs (requires-python)"
    if canonicalize_name(about["Name"]) == OWN:
        return
    ranges = [one.specifier for one in map(Requirement, requires) if one.name.lower() == OWN]
    if not ranges:
        yield "it does not require outrig"
    elif not any(part.operator in (">=", "==", "~=", ">") for part in ranges[0]):
        yield "it does not say which outrig it needs (outrig>=…)"


def least_costs(entries: Sequence[Entry]) -> dict[str, float | None]:
    """Measure what importing entry points costs a few times, and return the least of each."""
    least: dict[str, float | None] = {name_of(one): None for one in entries}
    for name in dict.fromkeys(one.distribution for one in entries):
        own = [one for one in entries if one.distribution == name]
        for _ in range(TRIES):
            for key, cost in measure(own).items():
                known = least[key]
                if cost is not None:
                    least[key] = cost if known is None else min(cost, known)
    return least


def check_entry(entry: Entry, hooks: Hooks, cost_ms: float | None) -> Iterator[Check]:
    """Look at one entry point: whether it fits, what its settings say, what it costs."""
    plugin = f"{entry.group.removesuffix('s')} {entry.words}"
    if entry.group != "commands":
        problem = examine(entry)
        yield Check(plugin=plugin, what="hooks", ok=not problem, found=problem or "it fits")
        if problem:
            return
        yield _settings(entry, plugin, hooks)
    yield Check(
        plugin=plugin,
        what="import time",
        ok=cost_ms is not None and cost_ms <= BUDGET_MS,
        found="it cannot be imported"
        if cost_ms is None
        else f"{cost_ms:g} ms beyond Outrig and its SDK (of {BUDGET_MS:g} ms)",
    )


def _settings(entry: Entry, plugin: str, hooks: Hooks) -> Check:
    kind = next(one for one in Kind if one.section == entry.group)
    try:
        fields = fields_of(f"{entry.group}.{entry.name}", hooks.settings_type(kind, entry.name))
    except OutrigError as err:
        return Check(plugin=plugin, what="settings", ok=False, found=str(err))
    silent = [one.name for one in fields if not one.help]
    found = f"{len(fields)}, all explained"
    if silent:
        found = f"no help on {', '.join(silent)}"
    return Check(plugin=plugin, what="settings", ok=not silent, found=found)


def check_contract(group: str, name: str, url: str = "") -> Check:
    """Run the contract that fits, in a process of its own.

    `name` is the plugin's, of commands their distribution's; `url` is where a store may write.
    """
    plugin = f"{group.removesuffix('s')} {name}"
    if find_spec("pytest") is None:
        return Check(plugin=plugin, what="contract", ok=None, found="not run: pip install pytest")
    with tempfile.TemporaryDirectory(prefix="outrig-check-") as directory:
        told, last = _run_contract(group, name, url or f"{name}://{directory}/store", directory)
    failed = [one for one in told if one["outcome"] == "failed"]
    passed = sum(one["outcome"] == "passed" for one in told)
    skipped = sum(one["outcome"] == "skipped" for one in told)
    found = f"{passed} passed" + (f", {skipped} do not apply" if skipped else "")
    if failed:
        found = f"{len(failed)} failed; {failed[0]['test']}: {failed[0]['why']}"
    elif not passed:
        found = f"no test ran: {last}"
    return Check(plugin=plugin, what="contract", ok=bool(passed and not failed), found=found)


def _run_contract(
    group: str, name: str, url: str, directory: str
) -> tuple[list[dict[str, str]], str]:
    out = Path(directory, "outcomes")
    file = Path(__file__).resolve().parents[1] / "testing" / "checked.py"
    words = ["-p", "outrig.testing.fixtures", "-p", "outrig.testing.outcomes"]
    words += ["-p", "no:cacheprovider", "--import-mode=importlib", "-q", "-W", "ignore"]
    words += ["-c", os.devnull, "--rootdir", directory, "--basetemp", f"{directory}/tests"]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "pytest", f"{file}::{_CLASSES[group]}", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=directory,
        env={
            **os.environ,
            "OUTRIG_CHECKED": json.dumps([name, url]),
            "OUTRIG_OUTCOMES": str(out),
        },
    )
    try:
        printed, _ = process.communicate(timeout=CONTRACT_LIMIT_S)
    finally:
        process.kill()
        process.wait()
    lines = printed.decode(errors="replace").strip().splitlines()
    told = []
    with suppress(OSError):
        told = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    return told, lines[-1] if lines else f"pytest ended with {process.returncode}"
