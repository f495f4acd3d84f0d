"""`outrig sweep logs`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.sweep_listing import SWEEP_ARGUMENT, asked_sweep
from outrig.cli.sweep_view import LineView
from outrig.errors import NotFoundError
from outrig.model.session import SessionState


class SweepLogs(Command):
    """Print what the cases of a sweep have printed so far."""

    summary = "Print what a sweep's cases have printed so far"
    details = "Each line begins with the case it is of. To go on until the end: sweep watch."
    examples = (
        ("outrig sweep logs", "of the newest sweep"),
        ("outrig sweep logs train-2 --case 7", "of one case"),
    )
    arguments = (SWEEP_ARGUMENT,)
    options = (
        option("case", "c", "only this case", value="NUMBER", type=int, repeat=True),
        option("failed", None, "only cases that did not succeed"),
    )

    def handle(self) -> int:
        """Print it."""
        outrig = self.outrig
        sweep = outrig.sweeps.refresh(asked_sweep(self))
        driver = outrig.sweeps.driver(sweep)
        try:
            session = driver.session(sweep)
            if session is None or session.state is not SessionState.RUNNING:
                raise NotFoundError(
                    f"what {sweep.name} printed is gone with its session",
                    hint=f"how its cases ended: outrig sweep show {sweep.name}",
                )
            numbers = [int(one) for one in self.texts("case")]
            view = LineView()
            for case in outrig.sweeps.cases(sweep):
                named = not numbers or case.number in numbers
                if named and not (self.flag("failed") and case.exit_code in (0, None)):
                    view.print_case(driver, sweep, session, case)
        finally:
            driver.close()
        return 0
