"""What importing plugins costs, beyond Outrig itself and beyond the SDKs they use.

Measured in a process of its own that has imported all of Outrig before. Processor time is what
counts, so that a busy machine changes little; modules of other distributions are left out.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

from outrig import paths
from outrig.manifest import key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import ModuleType

    from outrig.manifest import Entry

BUDGET_MS = 50.0
"""What a plugin may cost."""
LIMIT_S = 30.0
_BOOT = "import sys; sys.path[:] = sys.argv[2:]; from outrig.plugins.cost import main; main()"
_AT_ONCE = 2


def import_costs(entries: Sequence[Entry]) -> dict[str, float | None]:
    """Return by entry point what importing it costs, in ms; `None` where it cannot be imported.

    What was measured before is remembered until something is installed or removed.
    """
    known = _remembered()
    sets: dict[str, list[Entry]] = {}
    for one in entries:
        if name_of(one) not in known:
            sets.setdefault(one.distribution, []).append(one)
    if sets:
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            for found in pool.map(measure, sets.values()):
                known |= found
        _remember(known)
    return {name_of(one): known[name_of(one)] for one in entries}


def name_of(entry: Entry) -> str:
    """Return the name an entry point's cost is kept by."""
    return f"{entry.group} {entry.name} {entry.distribution} {entry.version}"


def measure(entries: Sequence[Entry], limit_s: float = LIMIT_S) -> dict[str, float | None]:
    """Import entry points of one distribution one after the other and return their costs in ms."""
    found: dict[str, float | None] = {name_of(one): None for one in entries}
    with tempfile.TemporaryDirectory(prefix="outrig-cost-") as directory:
        out = Path(directory, "told")
        request = json.dumps([str(out), [one.value for one in entries]])
        _run(request, limit_s, directory)
        with suppress(OSError, ValueError):
            lines = out.read_text().splitlines()
            costs = [json.loads(line) for line in lines]
            found |= dict(zip(found, costs, strict=False))
    return found


def _run(request: str, limit_s: float, directory: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _BOOT, request, *sys.path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=directory,
        start_new_session=True,
    )
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        pass  # what it told before counts
    finally:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> None:
    """Measure what the first argument says, and write one line per entry point."""
    out, values = json.loads(sys.argv[1])
    _import_outrig()
    stopwatch = Stopwatch({value.partition(":")[0].partition(".")[0] for value in values})
    sys.meta_path.insert(0, stopwatch)
    with Path(out).open("a", buffering=1) as told:
        for value in values:
            cost: float | None
            try:
                cost = round(stopwatch.cost_s(value.partition(":")[0]) * 1000, 1)
            except BaseException:
                cost = None
            told.write(json.dumps(cost) + "\n")
    os._exit(0)  # not through what a plugin left for the end of the process


def _import_outrig() -> None:
    api = importlib.import_module("outrig.api")  # what is for others: nothing of ours depends on it
    for name in dir(api):
        getattr(api, name)


class Stopwatch(MetaPathFinder):
    """Takes the time of imports, without that of packages which belong to others."""

    def __init__(self, own: Iterable[str]) -> None:
        self._own = {*own, "outrig", *sys.stdlib_module_names}
        self._inside = False
        self._others_s = 0.0

    def cost_s(self, module: str) -> float:
        """Import a module; returns the processor time, in seconds."""
        self._others_s = 0.0
        start = time.process_time()
        importlib.import_module(module)
        return max(0.0, time.process_time() - start - self._others_s)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Stand between a package of others and its loader, to see when it begins and ends."""
        if self._inside or name.partition(".")[0] in self._own:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Timed(spec.loader, self)
        return spec

    def others(self, loader: Loader, module: ModuleType) -> None:
        """Import a module of others."""
        start = time.process_time()
        self._inside = True
        try:
            loader.exec_module(module)
        finally:
            self._inside = False
            self._others_s += time.process_time() - start


class _Timed(Loader):
    def __init__(self, loader: Loader, stopwatch: Stopwatch) -> None:
        self._loader = loader
        self._stopwatch = stopwatch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._stopwatch.others(self._loader, module)

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)


def _file() -> Path:
    return Path(paths.cache_dir(), "import-costs.json")


def _remembered() -> dict[str, float | None]:
    with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        told = json.loads(_file().read_text("utf-8"))
        if told["key"] == key():
            return {
                str(name): None if cost is None else float(cost)
                for name, cost in told["ms"].items()
            }
    return {}


def _remember(costs: Mapping[str, float | None]) -> None:
    file = _file()
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = file.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps({"key": key(), "ms": costs}), "utf-8")
        aside.replace(file)
