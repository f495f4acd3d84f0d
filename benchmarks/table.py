"""Comparisons, and the tables they become. Only ratios are published: they hold elsewhere too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measure import Case, measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One of our commands against what a user would otherwise run, and the ratio we promise."""

    ours: Case
    against: Case
    wall_bound: float | None = None
    cpu_bound: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Comparisons that are measured in one go, in the same rounds."""

    title: str
    text: str
    comparisons: Sequence[Comparison]
    rounds: int


def render(table: Table) -> str:
    """Measure a table and return it as Markdown."""
    cases = {}
    for one in table.comparisons:
        cases[one.ours.name] = one.ours
        cases[one.against.name] = one.against
    medians = measure(list(cases.values()), table.rounds)
    rows = [
        f"## {table.title}\n",
        f"{table.text} Medians of {table.rounds} interleaved rounds.\n",
        "| ours | against | wall | bound | CPU | bound | peak memory |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in table.comparisons:
        ours, against = medians[one.ours.name], medians[one.against.name]
        wall, cpu = ours.wall_s / against.wall_s, ours.cpu_s / against.cpu_s
        rows.append(
            f"| {one.ours.name} | {one.against.name} "
            f"| {_ratio(wall, one.wall_bound)} | {_bound(one.wall_bound)} "
            f"| {_ratio(cpu, one.cpu_bound)} | {_bound(one.cpu_bound)} "
            f"| {ours.peak_kib / against.peak_kib:.2f} |"
        )
    return "\n".join(rows) + "\n"


def _ratio(ratio: float, bound: float | None) -> str:
    missed = bound is not None and ratio > bound
    return f"**{ratio:.2f}** (missed)" if missed else f"{ratio:.2f}"


def _bound(bound: float | None) -> str:
    return "" if bound is None else f"≤ {bound:g}"
