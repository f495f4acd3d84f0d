"""What commands about several sessions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Outcome, each, finish, interruptible
from outrig_backendai.compute.sessions import Compute

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig.api import Command
    from outrig_backendai.compute.record import ComputeSession

    Act = Callable[[Compute, ComputeSession], object]


def for_each_session(command: Command, references: Sequence[str], act: Act) -> int:
    """Do something with each session that is named; one that fails does not keep the others.

    Returns the exit code. The command has the option `--owner`.
    """
    compute = Compute(command.outrig)
    names = list(dict.fromkeys(references))

    def acting(reference: str) -> Callable[[], Outcome]:
        def go() -> Outcome:
            act(compute, compute.find(reference, command.text("owner")))
            return Outcome(session=None, name=reference)

        return go

    with interruptible(command.outrig):
        outcomes = each(names, [acting(one) for one in names])
    code = finish(outcomes, runs_commands=False)
    if code == 0:
        command.note("Done.")
    return code
