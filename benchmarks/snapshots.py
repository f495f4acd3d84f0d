"""Snapshots of a large tree against the programs that people use for parts of the same."""

from __future__ import annotations

import shutil
import sys

from benchmarks.measure import Case
from benchmarks.place import BIN, Place, make_tree, remove
from benchmarks.table import Comparison, Table

CREATE = ("snapshot", "create", "--yes", "--name", "bench")


def snapshots(place: Place, rounds: int, files: int) -> list[Table]:
    """Return the tables of snapshots: create, create again, restore."""
    tree = place.root / "tree"
    make_tree(tree, files)
    place.do("git", "init", "-q", cwd=tree)
    place.do("git", "add", "-A", cwd=tree)
    place.do(
        "git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x", cwd=tree
    )
    about = f"A source tree of {files} files under git, on a disk file system, page cache warm."
    return [
        _cold(place, rounds, about),
        _unchanged(place, rounds, about),
        _restore(place, rounds, about),
    ]


def _ours(place: Place, name: str, *words: str, home: str, **more: object) -> Case:
    variables = {**place.variables, "OUTRIG_HOME": str(place.root / home)}
    return Case(
        name=name,
        argv=[str(BIN / "outrig"), *words],
        cwd=place.root / "tree",
        variables=variables,
        **more,  # type: ignore[arg-type]
    )


def _shell(place: Place, name: str, script: str, **more: object) -> Case:
    return Case(name=name, argv=["sh", "-c", script], cwd=place.root / "tree", **more)  # type: ignore[arg-type]


def _cold(place: Place, rounds: int, about: str) -> Table:
    store, archive = place.root / "cold", place.root / "archive.tar.zst"
    create = _ours(place, "`snapshot create`", *CREATE, home="cold", prepare=lambda: remove(store))
    comparisons = [
        Comparison(
            ours=create,
            against=_shell(
                place,
                "`tar` through `zstd -1`",
                f"tar --exclude=.git -cf - . | zstd -1 -q -f -o {archive}",
            ),
            wall_bound=1.25,
            cpu_bound=1.0,
        )
    ]
    if shutil.which("restic"):
        repository = place.root / "restic"
        script = (
            f"rm -rf {repository}; export RESTIC_PASSWORD=x; restic init -q -r {repository} && "
            f"restic backup -q --exclude .git -r {repository} ."
        )
        restic = _shell(place, "`restic backup` into a new repository", script)
        comparisons.append(Comparison(ours=create, against=restic, wall_bound=0.3))
    return Table(
        title="Snapshot: create, nothing stored yet",
        text=about,
        comparisons=comparisons,
        rounds=rounds,
    )


def _unchanged(place: Place, rounds: int, about: str) -> Table:
    again = _ours(place, "`snapshot create`, nothing changed", *CREATE, home="home")
    comparisons = [
        Comparison(
            ours=again,
            against=_shell(
                place,
                "`git status` and importing cleo",
                f"git status --porcelain; {sys.executable} -c 'import cleo.application'",
            ),
            wall_bound=1.3,
        )
    ]
    if shutil.which("rsync"):
        copy = place.root / "rsynced"
        rsync = _shell(place, "`rsync -a`", f"rsync -a --exclude .git . {copy}/")
        comparisons.append(Comparison(ours=again, against=rsync, wall_bound=0.7))
    return Table(
        title="Snapshot: create, nothing changed",
        text=about,
        comparisons=comparisons,
        rounds=rounds,
    )


def _restore(place: Place, rounds: int, about: str) -> Table:
    ours, theirs = place.root / "restored", place.root / "copied"
    plain = place.root / "plain"
    place.do(
        "sh", "-c", f"mkdir {plain} && cd tree && tar --exclude=.git -cf - . | tar -C {plain} -xf -"
    )
    return Table(
        title="Snapshot: restore",
        text=about,
        comparisons=[
            Comparison(
                ours=_ours(
                    place,
                    "`snapshot restore`",
                    "snapshot",
                    "restore",
                    "bench",
                    str(ours),
                    home="home",
                    prepare=lambda: remove(ours),
                ),
                against=_shell(
                    place,
                    "`cp -a`",
                    f"cp -a {plain} {theirs}",
                    prepare=lambda: remove(theirs),
                ),
                wall_bound=1.0,
            )
        ],
        rounds=rounds,
    )
