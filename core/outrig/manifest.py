"""What is installed: commands, providers, stores, expanders and extensions, from a JSON file.

Part of the start-up path: nothing heavy is imported here, see `tests/cli/test_startup.py`. The file
is made by `outrig.discovery` when it is missing or no longer fits what is installed.
"""

from __future__ import annotations

import os
import sys

from outrig import __version__, paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, TypedDict

    class Found(TypedDict):
        """What the file holds: rows of entries and problems, and what they were found from."""

        key: str
        sources: list[str]
        stamp: list[int]
        until: float | None
        entries: list[list[Any]]
        problems: list[list[Any]]


FORMAT = 4
OWN = "outrig"
_DAMAGED = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
GROUPS = ("commands", "providers", "stores", "expanders", "extensions")


class Entry:
    """One entry point.

    `kind` is `command`, `route` or `group` in the group `commands`, else `plugin`. `words` is what
    a command is called by. `requires` is the range of Outrig versions its distribution asks for.
    `runs` tells of a command that it runs the user's program, also when it cannot be imported.
    `options` are a group's: how each is written, and what it means.
    """

    __slots__ = (
        "aliases",
        "distribution",
        "group",
        "hidden",
        "kind",
        "name",
        "only",
        "options",
        "requires",
        "runs",
        "shim",
        "style",
        "summary",
        "to",
        "value",
        "version",
    )

    def __init__(
        self,
        group: str,
        name: str,
        value: str,
        distribution: str,
        version: str,
        requires: str = "",
        kind: str = "plugin",
        summary: str = "",
        aliases: Iterable[str] = (),
        hidden: bool = False,
        to: str = "",
        style: str | None = None,
        only: Iterable[str] = (),
        shim: str | None = None,
        runs: bool = False,
        options: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.group = group
        self.name = name
        self.value = value
        self.distribution = distribution
        self.version = version
        self.requires = requires
        self.kind = kind
        self.summary = summary
        self.aliases = tuple(aliases)
        self.hidden = hidden
        self.to = to
        self.style = style
        self.only = tuple(only)
        self.shim = shim
        self.runs = runs
        self.options = tuple(options)

    @property
    def words(self) -> str:
        """The entry's name as it is typed: `session start`."""
        return self.name.replace(".", " ")

    @property
    def row(self) -> list[object]:
        """The arguments this entry can be made from, as JSON keeps them."""
        return [
            self.group,
            self.name,
            self.value,
            self.distribution,
            self.version,
            self.requires,
            self.kind,
            self.summary,
            list(self.aliases),
            self.hidden,
            self.to,
            self.style,
            list(self.only),
            self.shim,
            self.runs,
            [list(one) for one in self.options],
        ]


class Problem:
    """Why an entry point, or a whole distribution (no `group`, no `name`), is not used.

    One with `used` set is used for all that.
    """

    __slots__ = ("distribution", "group", "name", "reason", "used", "version")

    def __init__(
        self,
        distribution: str,
        version: str,
        group: str,
        name: str,
        reason: str,
        used: bool = False,
    ) -> None:
        self.distribution = distribution
        self.version = version
        self.group = group
        self.name = name
        self.reason = reason
        self.used = used

    @property
    def row(self) -> list[object]:
        """The arguments this problem can be made from."""
        return [
            self.distribution,
            self.version,
            self.group,
            self.name,
            self.reason,
            self.used,
        ]

    def __str__(self) -> str:
        what = f": outrig.{self.group} {self.name}" if self.name else ""
        return f"plugin {self.distribution} {self.version}{what}: {self.reason}"


class Manifest:
    """Everything installed; the tables are keyed by name, that of commands by words."""

    __slots__ = ("commands", "expanders", "extensions", "fresh", "problems", "providers", "stores")

    def __init__(
        self, entries: Iterable[Entry], problems: Iterable[Problem], *, fresh: bool = False
    ) -> None:
        self.commands: dict[str, Entry] = {}
        self.providers: dict[str, Entry] = {}
        self.stores: dict[str, Entry] = {}
        self.expanders: dict[str, Entry] = {}
        self.extensions: dict[str, Entry] = {}
        self.problems = tuple(problems)
        self.fresh = fresh
        """It was made just now, so its problems have not been told yet."""
        for entry in entries:
            table = self.table(entry.group)
            table[entry.words if entry.group == "commands" else entry.name] = entry

    def table(self, group: str) -> dict[str, Entry]:
        """Return the entries of a group, named without `outrig.`."""
        table: dict[str, Entry] = getattr(self, group)
        return table

    def __iter__(self) -> Iterator[Entry]:
        for group in GROUPS:
            yield from self.table(group).values()


def load(rebuild: bool = False) -> Manifest:
    """Return what is installed, from the cache where that still fits, else (`rebuild`) anew.

    `OUTRIG_PLUGINS=off` leaves only Outrig's own, `OUTRIG_WITHOUT_PLUGINS` (names of entry points
    or distributions, comma-separated; what `--without-plugin` sets) leaves some out.
    """
    own_only = os.environ.get("OUTRIG_PLUGINS", "").lower() in ("off", "0", "no", "false")
    file = _file(own_only)
    found = None if rebuild else _read(file)
    if found is None:
        from outrig import discovery

        found = discovery.build(own_only)
        discovery.write(file, found)
        fresh = True
    else:
        fresh = False
    left_out = os.environ.get("OUTRIG_WITHOUT_PLUGINS", "").split(",")
    return _manifest(found, left_out, fresh)


def _manifest(found: Found, left_out: list[str], fresh: bool) -> Manifest:
    rows = found["entries"]
    if left_out != [""]:
        rows = [row for row in rows if row[1] not in left_out and row[3] not in left_out]
    return Manifest(
        [Entry(*row) for row in rows],
        [
            Problem(*row)
            for row in found["problems"]
            if row[0] not in left_out and (row[3] or row[0]) not in left_out
        ],
        fresh=fresh,
    )


def _file(own_only: bool) -> str:
    """Name one file per environment, so that two of them do not make each other's anew."""
    where = sys.prefix.encode("utf-8", "surrogateescape")
    mark = 2166136261
    for byte in where:
        mark = (mark ^ byte) * 16777619 & 0xFFFFFFFF
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return f"{paths.cache_dir()}/plugins-{version}-{mark:08x}{'-own' if own_only else ''}.json"


def _read(file: str) -> Found | None:
    """Return what the file says if it fits what is installed now."""
    try:
        with open(file, encoding="utf-8") as stream:  # noqa: PTH123 - no pathlib here
            text = stream.read()
        found = parse(text)
        if found["key"] != key() or stamp(found["sources"]) != found["stamp"]:
            return None
        if found["until"] is not None and not _is_before(found["until"]):
            return None
        _manifest(found, [""], False)
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RuntimeError,
        StopIteration,
    ):
        return None
    return found


def _is_before(moment: float) -> bool:
    import time

    return time.time() < moment


def key() -> str:
    """Return a text that differs whenever Python, Outrig or the installed entry points do."""
    lines = [f"{FORMAT} {__version__}", sys.version, sys.prefix]
    lines += [f"{mtime} {directory}" for directory, mtime in installed()]
    return "\n".join(lines)


def installed() -> list[tuple[str, int]]:
    """Return the metadata directories on `sys.path` that have entry points, with their mtimes.

    An archive on `sys.path` may have several, and is returned itself.
    """
    found: list[tuple[str, int]] = []
    for place in dict.fromkeys(sys.path):
        try:
            names = os.listdir(place) if place else ()  # noqa: PTH208 - no pathlib here
        except NotADirectoryError:
            found += zip([place], stamp([place]), strict=True)
            continue
        except OSError:
            continue
        for name in sorted(names):
            # pip renames what it is about to remove to a name that begins with a tilde.
            if not name.endswith((".dist-info", ".egg-info")) or name.startswith("~"):
                continue
            directory = f"{place}/{name}"
            try:
                found.append((directory, os.stat(f"{directory}/entry_points.txt").st_mtime_ns))  # noqa: PTH116
            except OSError:
                continue
    return found


def stamp(sources: Iterable[str]) -> list[int]:
    """Return the mtimes of files, 0 for a missing one."""
    mtimes = []
    for source in sources:
        try:
            mtimes.append(os.stat(source).st_mtime_ns)  # noqa: PTH116 - no pathlib here
        except OSError:
            mtimes.append(0)
    return mtimes


class _Decoding:
    """What the C scanner of `json` asks of its decoder."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def parse(text: str) -> Found:
    """Parse JSON; raises `ValueError` or `StopIteration`.

    `json` imports `re`, which takes longer than all the rest of `outrig --help`, so its C scanner
    is used directly where there is one.
    """
    try:
        from _json import make_scanner
    except ImportError:
        import json

        found: Found = json.loads(text)
    else:
        found, _ = make_scanner(_Decoding)(text, 0)  # type: ignore[arg-type]
    if not isinstance(found, dict):
        raise TypeError("the manifest is no JSON object")
    return found
