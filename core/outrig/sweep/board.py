"""What the engine offers of sweeps, in one place: `Outrig.sweeps`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.errors import ConflictError, OutrigError
from outrig.sweep.drive import Driver
from outrig.sweep.find import find_sweep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrig.engine import Outrig
    from outrig.model.project import Command, Parameter
    from outrig.model.run import RunStatus
    from outrig.model.sweep import Sweep, SweepCase, SweepSummary
    from outrig.sweep.create import Created, SweepRequest
    from outrig.sweep.grid import Grid, GridOptions
    from outrig.sweep.results import Curve


class Board:
    """The sweeps of one engine."""

    def __init__(self, outrig: Outrig) -> None:
        self._outrig = outrig

    def prefixes(self) -> tuple[str, ...]:
        """Return what expressions can begin with: the names of the installed expanders."""
        from outrig.sweep.grid import known_prefixes

        return known_prefixes(self._outrig.runtime.hooks)

    def values(self, parameter: Parameter, text: str) -> tuple[str, ...] | None:
        """Return the values that a text stands for, `None` when it is one value.

        Raises `UsageError` for an expression that is wrong, `PluginError` when an expander fails.
        """
        from outrig.sweep.grid import values_of

        return values_of(self._outrig.runtime.hooks, parameter, text)

    def grid(self, command: Command, given: Mapping[str, str], options: GridOptions) -> Grid:
        """Return the cases that values stand for; nothing is recorded."""
        from outrig.sweep.grid import make_grid

        return make_grid(self._outrig.runtime.hooks, command, given, options)

    def create(self, request: SweepRequest) -> Created:
        """Record a sweep; whoever drives it starts it."""
        from outrig.sweep.create import create

        return create(self._outrig.runtime, request)

    def driver(self, sweep: Sweep) -> Driver:
        """Return what works on a sweep, or watches it while another process does."""
        return Driver(self._outrig, sweep.id)

    def find(self, name: str | None) -> Sweep:
        """Return the sweep of that name or id, else the newest; raises `NotFoundError`."""
        return find_sweep(self._outrig, self._outrig.here(), name)

    def overview(self, project_id: str | None = None) -> list[SweepSummary]:
        """Return all sweeps of a project (`None`: of all), newest first, as they now stand."""
        sweeps = self._outrig.state.sweeps
        return sweeps.summaries([self.refresh(one) for one in sweeps.select(project_id)])

    def refresh(self, sweep: Sweep) -> Sweep:
        """Ask the nodes how the cases stand, where they can be reached; returns the record."""
        from outrig.sweep.track import track

        session = None
        if not sweep.state.ended and sweep.session_id is not None:
            session = self._outrig.state.sessions.get(sweep.session_id)
        if session is not None:
            with suppress(OutrigError):
                track(self._outrig.runtime, sweep, session)
        return self._outrig.state.sweeps.get(sweep.id) or sweep

    def cases(self, sweep: Sweep, statuses: Sequence[RunStatus] = ()) -> list[SweepCase]:
        """Return a sweep's cases by number: all, or those that stand in one of some ways."""
        return self._outrig.state.sweeps.cases(sweep.id, statuses)

    def counts(self, sweep: Sweep) -> dict[RunStatus, int]:
        """Return how many cases stand how."""
        return self._outrig.state.sweeps.counts(sweep.id)

    def results(self, sweep: Sweep) -> list[SweepCase]:
        """Return all cases with their metrics."""
        from outrig.sweep.results import results

        return results(self._outrig, sweep)

    def curves(self, sweep: Sweep, metric: str) -> list[Curve]:
        """Return how a metric went in each case; raises `NotFoundError`."""
        from outrig.sweep.results import curves

        return curves(self._outrig, sweep, metric)

    def ask_to_cancel(self, sweep: Sweep) -> Sweep:
        """End a sweep; its driver does the rest."""
        from outrig.sweep.again import ask_to_cancel

        return ask_to_cancel(self._outrig, sweep)

    def run_again(self, sweep: Sweep, statuses: tuple[RunStatus, ...]) -> int:
        """Put cases back into the queue; returns how many."""
        from outrig.sweep.again import run_again

        return run_again(self._outrig, sweep, statuses)

    def remove(self, sweep: Sweep) -> None:
        """Forget a sweep that has ended; raises `ConflictError` for another."""
        if not sweep.state.ended:
            raise ConflictError(
                f"sweep {sweep.name} has not ended", hint=f"outrig sweep cancel {sweep.name}"
            )
        self._outrig.state.sweeps.remove(sweep.id)

    def drive(self, sweep: Sweep) -> Sweep:
        """Work on one sweep until it has ended; returns its record. Raises `Interrupted`."""
        driver = Driver(self._outrig, sweep.id)
        try:
            while not (sweep := driver.turn()).state.ended:
                self._outrig.cancel.check()
                driver.pause(sweep)
        finally:
            driver.close()
        return sweep

    def supervise(self) -> None:
        """Work on all sweeps that nobody works on, until there is none."""
        from outrig.sweep.supervisor import supervise

        supervise(self._outrig)

    def tend(self) -> None:
        """Let a supervisor go on with sweeps that nobody works on."""
        if self._outrig.state.sweeps.any_unfinished():
            from outrig.sweep.supervisor import wake

            wake(self._outrig)
