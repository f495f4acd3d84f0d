"""Measures everything and writes docs/performance.md: `python3 dev.py bench [OPTIONS]`."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.backendai import backendai  # noqa: E402 - the path is set above
from benchmarks.clusters import clusters  # noqa: E402
from benchmarks.jobs import jobs  # noqa: E402
from benchmarks.place import temporary_place  # noqa: E402
from benchmarks.plugins import plugins  # noqa: E402
from benchmarks.runs import runs  # noqa: E402
from benchmarks.s3 import s3  # noqa: E402
from benchmarks.session import session  # noqa: E402
from benchmarks.snapshots import programs, snapshots  # noqa: E402
from benchmarks.ssh import ssh  # noqa: E402
from benchmarks.startup import startup  # noqa: E402
from benchmarks.sweeps import sweeps  # noqa: E402
from benchmarks.table import render  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs" / "performance.md"
MARK = "<!-- measured: what follows is written by `python3 dev.py bench` -->"
PARTS = ("startup", "plugins", "session", "runs", "sweeps", "snapshots", "s3", "ssh", "ray", "bai")


def main() -> int:
    """Measure what was asked for, print it, and write the page when it was everything."""
    parser = argparse.ArgumentParser(prog="python3 dev.py bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--files", type=int, default=20000, help="size of the tree")
    parser.add_argument(
        "--publish", action="store_true", help="put the parts into the page, and leave the others"
    )
    parser.add_argument("--dir", type=Path, default=ROOT / ".outrig", help="where to work")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {', '.join(sorted(unknown))}")
    tables = []
    for table in _tables(options):
        tables.append(table)
        print(table, flush=True)
    if not options.parts:
        head = PAGE.read_text().partition(MARK)[0]
        text = "\n".join(tables).rstrip()
        PAGE.write_text(f"{head}{MARK}\n\n{_circumstances()}\n\n{text}\n")
    elif options.publish:
        PAGE.write_text(_with(PAGE.read_text(), tables))
    if options.publish or not options.parts:
        print(f"written: {PAGE.relative_to(ROOT)}")
    return 0


def _with(page: str, tables: list[str]) -> str:
    """Return the page with new tables in place of those of the same kind (their first word)."""
    head, *sections = page.split("\n## ")
    kinds = {_kind(table.removeprefix("## ")) for table in tables}
    kept = [one for one in sections if _kind(one) not in kinds]
    dated = f"\n\n{_circumstances()}\n"
    fresh = [table.removeprefix("## ").rstrip() + "\n" for table in tables]
    title, _, rest = fresh[0].partition("\n")
    fresh[0] = title + dated + rest
    return "\n## ".join([head, *kept, *fresh])


def _kind(section: str) -> str:
    return section.split()[0].rstrip(":s")


def _tables(options: argparse.Namespace) -> Iterator[str]:
    """Yield each table when it was measured, so that a run that is cut short was not in vain."""
    wanted = options.parts or PARTS
    with temporary_place(options.dir) as place:
        if "startup" in wanted:
            yield render(startup(place, options.rounds * 2))
        if "plugins" in wanted:
            yield render(plugins(place, options.rounds * 2))
        if "session" in wanted:
            yield render(session(place, options.rounds))
        if "runs" in wanted:
            yield from runs(place, max(1, options.rounds // 5))
        if "sweeps" in wanted:
            yield from sweeps(place, max(1, options.rounds // 5))
        if "snapshots" in wanted:
            few = max(2, options.rounds // 3)
            yield programs()
            yield from map(render, snapshots(place, few, options.files))
        if "ssh" in wanted:
            yield from ssh(place, max(1, options.rounds // 5), options.files)
        if "ray" in wanted:
            yield from clusters(place, max(2, options.rounds // 5))
            yield from jobs(place, max(2, options.rounds // 5))
        if "bai" in wanted:
            yield from backendai(place, max(2, options.rounds // 2))
        if "s3" in wanted:
            yield from map(render, s3(place, max(2, options.rounds // 5), options.files))


def _circumstances() -> str:
    names = ("outrig", "cleo", "blake3", "zstandard", "msgspec", "pluggy")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    tools = [_first_line("git", "--version"), _first_line("zstd", "--version")]
    return (
        f"Measured on {time.strftime('%Y-%m-%d', time.gmtime())} with Python "
        f"{platform.python_version()} on {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores; {versions}; {'; '.join(filter(None, tools))}."
    )


def _first_line(*argv: str) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.partition("\n")[0].strip("* ")


if __name__ == "__main__":
    sys.exit(main())
