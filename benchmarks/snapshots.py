"""Snapshots against the programs that people use for parts of the same."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.labels import many_labels
from benchmarks.measure import Case
from benchmarks.peers import PEERS, Peer
from benchmarks.place import BIN, Place, make_tree, remove
from benchmarks.table import Comparison, Table
from benchmarks.trees import Edits, append, make_big, make_packages

if TYPE_CHECKING:
    from collections.abc import Callable

_CREATE = ("snapshot", "create", "--yes", "--name")
_CLEO = f"{sys.executable} -c 'import cleo.application'"
_LISTED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """One tree with everything that is measured on it; `about` is said above the tables."""

    place: Place
    tree: Path
    about: str
    rounds: int

    def ours(self, name: str, *words: str, prepare: Callable[[], None] | None = None) -> Case:
        """Return a case of Outrig's, in its home for this tree."""
        home = {"OUTRIG_HOME": str(self.place.root / f"{self.tree.name}-home")}
        return Case(
            name=name,
            argv=[str(BIN / "outrig"), *words],
            cwd=self.tree,
            variables={**self.place.variables, **home},
            prepare=prepare,
        )

    def theirs(
        self, name: str, script: str, peer: str, prepare: Callable[[], None] | None = None
    ) -> Case:
        """Return a case of a shell script that keeps its own in the directory `peer`."""
        return Case(
            name=name,
            argv=["sh", "-c", script],
            cwd=self.tree,
            variables=self._paths(peer),
            prepare=prepare,
        )

    def _paths(self, peer: str) -> dict[str, str]:
        root = self.place.root
        kept = root / f"{self.tree.name}-{peer}"
        paths = {"T": self.tree, "R": kept, "O": root / f"restored-{peer}"}
        return {
            **self.place.variables,
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(root / "dvc-site"),
            **{name: str(path) for name, path in paths.items()},
        }

    def do(self, script: str, peer: str) -> None:
        """Run a script that is not measured."""
        settings = " ".join(f"{name}='{one}'" for name, one in self._paths(peer).items())
        self.place.do("sh", "-c", f"export {settings}; {script}", cwd=self.tree)

    def forget(self) -> None:
        """Remove all that Outrig keeps of the tree; only what its commands are is known again.

        Finding that out comes once per installation, not with each first snapshot.
        """
        home = self.place.root / f"{self.tree.name}-home"
        remove(home)
        self.place.do("env", f"OUTRIG_HOME={home}", str(BIN / "outrig"), "snapshot", "list")

    def keep(self, name: str) -> None:
        """Make a snapshot of the tree that is not measured."""
        one = self.ours("", *_CREATE, name)
        self.place.do("env", f"OUTRIG_HOME={one.variables['OUTRIG_HOME']}", *one.argv, cwd=one.cwd)


def _peers(*wanted: str) -> list[Peer]:
    return [one for one in PEERS if one.is_there and one.program in wanted]


def programs() -> str:
    """Return which of the other programs were there, and their versions."""
    there = ", ".join(one.tell_version() for one in PEERS if one.is_there)
    missing = ", ".join(one.program for one in PEERS if not one.is_there)
    without = f" Not installed, so not measured: {missing}." if missing else ""
    notes = "; ".join(f"{one.name}: {one.note}" for one in PEERS if one.note and one.is_there)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"## Snapshots\n\nBeside {there}.{without} The machine's load before: {load} (it was used"
        f" for other things, too, so single ratios may be off by a tenth or two). {notes}.\n"
    )


def snapshots(place: Place, rounds: int, files: int) -> list[Table]:
    """Return the tables of snapshots; measuring them takes long with many files."""
    bench = _packages(place, rounds, files)
    big, small = _big(place, rounds), _small(place, rounds * 3)
    edits = Edits(bench.tree)
    wanted = ("zstd", "restic", "borg", "git", "rsync", "cp", "dvc")
    return [
        _cold(bench, "installed packages", *wanted),
        _unchanged(bench),
        _changed(bench, "10 files changed", edits.ten_files),
        _changed(bench, "a directory renamed", edits.rename),
        _restore(bench, "zstd", "restic", "borg", "git", "cp"),
        _delete(bench),
        _cold(big, "two big files", "zstd", "restic", "borg", "cp"),
        _changed(big, "1 MiB appended", lambda: append(big.tree / "words.txt", 200 << 20)),
        _cold(small, "a project of 40 files", "zstd", "restic", "borg", "git"),
        _listing(place, rounds * 3),
    ]


def _packages(place: Place, rounds: int, files: int) -> _Bench:
    tree = place.root / "packages"
    count, size = make_packages(tree, files)
    name = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    place.do("git", "init", "-q", cwd=tree)
    place.do("git", "add", "-A", "-f", cwd=tree)
    place.do("git", *name, "commit", "-qm", "x", cwd=tree)
    about = (
        f"{count} files of installed Python packages, {size >> 20} MiB, under git, on a disk file"
        " system, page cache warm."
    )
    return _Bench(place=place, tree=tree, about=about, rounds=rounds)


def _big(place: Place, rounds: int) -> _Bench:
    make_big(place.root / "big", 200)
    about = "Two files of 200 MiB, words and noise that nothing compresses."
    return _Bench(place=place, tree=place.root / "big", about=about, rounds=rounds)


def _small(place: Place, rounds: int) -> _Bench:
    make_tree(place.root / "small", 40)
    about = "A project of 40 source files: what counts is how long a program takes to start."
    return _Bench(place=place, tree=place.root / "small", about=about, rounds=rounds)


def _table(bench: _Bench, title: str, comparisons: list[Comparison]) -> Table:
    return Table(
        title=f"Snapshot: {title}", text=bench.about, comparisons=comparisons, rounds=bench.rounds
    )


def _cold(bench: _Bench, what: str, *wanted: str) -> Table:
    ours = bench.ours("`snapshot create`", *_CREATE, "first", prepare=bench.forget)
    bounds = {"restic": (0.3, None), "zstd": (1.25, 1.0)} if what == "installed packages" else {}
    comparisons = []
    for peer in _peers(*wanted):
        before = _before(bench, peer)
        case = bench.theirs(peer.name, peer.cold, peer.program, before)
        wall, cpu = bounds.get(peer.program, (None, None))
        comparisons.append(Comparison(ours=ours, against=case, wall_bound=wall, cpu_bound=cpu))
    script = f"{sys.executable} {Path(__file__).with_name('limit.py')} $T $R"
    limit = bench.theirs("reading, BLAKE3 and zstd -1 alone, in two threads", script, "limit")
    comparisons.append(Comparison(ours=ours, against=limit))
    return _table(bench, f"{what}, nothing stored yet", comparisons)


def _before(bench: _Bench, peer: Peer) -> Callable[[], None] | None:
    return (lambda: bench.do(peer.before, peer.program)) if peer.before else None


def _unchanged(bench: _Bench) -> Table:
    ours = bench.ours("`snapshot create`, nothing changed", *_CREATE, "again")
    status = bench.theirs(
        "`git status` and importing cleo", f"git status --porcelain; {_CLEO}", "status"
    )
    bounds = {"rsync": 0.7}
    cases = [
        Comparison(
            ours=ours,
            against=bench.theirs(peer.name, peer.again, peer.program),
            wall_bound=bounds.get(peer.program),
        )
        for peer in _peers("rsync", "restic", "borg", "git", "dvc")
    ]
    first = Comparison(ours=ours, against=status, wall_bound=1.3)
    return _table(bench, "nothing changed", [first, *cases])


def _changed(bench: _Bench, what: str, edit: Callable[[], None]) -> Table:
    ours = bench.ours(f"`snapshot create`, {what}", *_CREATE, "changed", prepare=edit)
    peers = (
        ("rsync", "restic", "borg", "git") if bench.tree.name == "packages" else ("restic", "borg")
    )
    cases = [
        Comparison(ours=ours, against=bench.theirs(peer.name, peer.again, peer.program, edit))
        for peer in _peers(*peers)
    ]
    return _table(bench, what, cases)


def _restore(bench: _Bench, *wanted: str) -> Table:
    target = bench.place.root / "restored"
    ours = bench.ours(
        "`snapshot restore`",
        *("snapshot", "restore", "again", str(target)),
        prepare=lambda: remove(target),
    )
    cases = []
    for peer in _peers(*wanted):
        out = bench.place.root / f"restored-{peer.program}"
        case = bench.theirs(peer.name, peer.restore, peer.program, lambda out=out: remove(out))  # type: ignore[misc]
        cases.append(Comparison(ours=ours, against=case, wall_bound=_restore_bound(peer)))
    return _table(bench, "restore", cases)


def _restore_bound(peer: Peer) -> float | None:
    return 1.0 if peer.program == "cp" else None


def _delete(bench: _Bench) -> Table:
    delete = bench.ours(
        "`snapshot delete`",
        *("snapshot", "delete", "--yes", "gone"),
        prepare=lambda: bench.keep("gone"),
    )
    prune = bench.ours("`snapshot prune`", "snapshot", "prune", "--yes")
    cases = []
    for peer in _peers("restic", "borg"):
        again = replace(bench.theirs("", peer.again, peer.program)).argv[-1]
        kept = bench.theirs(
            f"deleting with {peer.name}",
            peer.delete,
            peer.program,
            lambda script=again, peer=peer: bench.do(script, peer.program),  # type: ignore[misc]
        )
        cases.append(Comparison(ours=delete, against=kept))
        pruned = bench.theirs(f"pruning with {peer.name}", peer.prune, peer.program)
        cases.append(Comparison(ours=prune, against=pruned))
    return _table(bench, "delete and prune", cases)


def _listing(place: Place, rounds: int) -> Table:
    tree = place.root / "listed"
    tree.mkdir()
    (tree / "outrig.yaml").write_text("name: listed\n")
    many_labels(place.root / "listed-home" / "data" / "store", tree, _LISTED)
    about = f"{_LISTED} snapshots of one project, made up."
    bench = _Bench(place=place, tree=tree, about=about, rounds=rounds)
    cleo = bench.theirs("importing cleo", _CLEO, "cleo")
    ours = bench.ours("`snapshot list`", "snapshot", "list")
    json = bench.ours("`snapshot list --output json`", "snapshot", "list", "--output", "json")
    comparisons = [
        Comparison(ours=ours, against=cleo, wall_bound=2.5),
        Comparison(ours=json, against=cleo),
    ]
    return _table(bench, f"list {_LISTED}", comparisons)
