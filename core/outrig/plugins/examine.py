"""Trying out one plugin in a process of its own: it may hang, print, exit or crash there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig.manifest import Entry
    from outrig.plugins.host import Registered
    from outrig.plugins.instances import Instances
    from outrig.plugins.kinds import Kind

LIMIT_S = 10.0
_BOOT = "import sys; sys.path[:] = sys.argv[2:]; from outrig.plugins.examine import main; main()"


def examine(entry: Entry, limit_s: float = LIMIT_S) -> str | None:
    """Import a provider, store, expander or extension and fit it to the hooks.

    Returns what is wrong in one line, `None` when nothing is. `limit_s` is in seconds.
    """
    with tempfile.TemporaryDirectory(prefix="outrig-examine-") as directory:
        return _examine(entry, limit_s, directory)


def _examine(entry: Entry, limit_s: float, directory: str) -> str | None:
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", _BOOT, json.dumps([entry.row, write_end]), *sys.path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(write_end,),
        cwd=directory,
        start_new_session=True,
    )
    os.close(write_end)
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return f"importing it took more than {limit_s:g} s"
    finally:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)  # with whatever the plugin started
        process.wait()
        with open(read_end, encoding="utf-8") as told:  # noqa: PTH123 - a file descriptor
            answer = told.read()
    if not answer:
        return "importing it ended the process"
    return str(json.loads(answer)) or None


def fit(entry: Entry) -> str:
    """Do the work in this process; returns what is wrong, empty when nothing is."""
    from outrig.config.fields import fields_of
    from outrig.config.file import ConfigFile
    from outrig.errors import OutrigError
    from outrig.manifest import Manifest
    from outrig.plugins.catalogue import Catalogue
    from outrig.plugins.host import Host
    from outrig.plugins.instances import Instances
    from outrig.plugins.kinds import Kind

    kind = next(one for one in Kind if one.section == entry.group)
    catalogue = Catalogue(Manifest([entry], []))
    told: list[str] = []
    none = ConfigFile(path=Path("none"))
    instances = Instances(catalogue, config=none, flags={}, report=told.append)
    try:
        plugin = catalogue.find(kind, entry.name)
        fields_of(f"{entry.group}.{entry.name}", instances.settings_type(plugin))
        made = _made(instances, kind, entry.name)
        Host(None if kind is Kind.EXTENSION else made, (made,) if kind is Kind.EXTENSION else ())
    except OutrigError as error:
        return str(error).removeprefix(f"{plugin.label} ")
    return "; ".join(told).removeprefix(f"{plugin.label} ")


def _made(instances: Instances, kind: Kind, name: str) -> Registered:
    """Make the plugin; a store may want a host in its URL, or none."""
    from outrig.errors import ConfigError
    from outrig.plugins.catalogue import GENERAL_STORE
    from outrig.plugins.kinds import Kind

    if kind is Kind.STORE:
        scheme = "memory" if name == GENERAL_STORE else name
        with suppress(ConfigError):
            return instances.configured(kind, name, project={}, url=f"{scheme}://examined/store")
        return instances.configured(kind, name, project={}, url=f"{scheme}:///examined/store")
    return instances.configured(kind, name, project={})


def main() -> None:
    """Examine what the first argument says and write the answer to the pipe it names."""
    from outrig.manifest import Entry

    row, write_end = json.loads(sys.argv[1])
    answer = json.dumps(fit(Entry(*row)))
    os.write(write_end, answer.encode())
    os._exit(0)  # not through what a plugin left for the end of the process
