"""`outrig sweep results`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.sweep_listing import SWEEP_ARGUMENT, asked_sweep, case_columns
from outrig.sweep.results import metric_names, sorted_by

if TYPE_CHECKING:
    from outrig.model.sweep import Sweep


class SweepResults(Command):
    """Show what came of a sweep: values, state, exit code, duration and metrics of each case."""

    summary = "Show parameters, state, exit code, duration and metrics of a sweep's cases"
    details = (
        'Metrics are what runs tell with outrig.metric("loss", 0.3, step=1), or write as lines of '
        "JSON to the file that OUTRIG_METRICS names; the last value of each counts. --plot draws "
        "one: against its steps, or where there is one value each against the cases."
    )
    examples = (
        ("outrig sweep results --sort loss", "the best case first"),
        ("outrig sweep results --output csv", "for a spreadsheet"),
        ("outrig sweep results --plot loss", "on the terminal"),
        ("outrig sweep results --plot loss --to loss.svg", "into a file"),
    )
    arguments = (SWEEP_ARGUMENT,)
    options = (
        option(
            "sort", None, "a metric, a parameter or duration; -KEY is largest first", value="KEY"
        ),
        option("plot", None, "draw this metric", value="METRIC"),
        option("to", None, "draw it into this file: .png, .svg or .pdf", value="FILE"),
    )
    lists = True

    def handle(self) -> int:
        """Print or draw them."""
        sweeps = self.outrig.sweeps
        sweep = sweeps.refresh(asked_sweep(self))
        metric = self.text("plot")
        if metric is not None:
            return self._plot(sweep, metric)
        cases = sweeps.results(sweep)
        key = self.text("sort")
        if key is not None:
            cases = sorted_by(cases, sweep.names, key)
        self.listing(cases, case_columns(sweep, metric_names(cases)))
        return 0

    def _plot(self, sweep: Sweep, metric: str) -> int:
        from outrig.cli.plotting import draw, draw_file

        curves = self.outrig.sweeps.curves(sweep, metric)
        target = self.text("to")
        if target is None:
            self.write(draw(sweep, metric, curves))
        else:
            draw_file(sweep, metric, curves, Path(target))
            self.note(f"drawn: {target}")
        return 0
