"""`outrig run diff`"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.listing import Column
from outrig.cli.run_listing import duration_s

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.model.run import Run


class _Difference(NamedTuple):
    field: str
    first: object
    second: object


COLUMNS: tuple[Column[_Difference], ...] = (
    Column("field", lambda one: one.field),
    Column("first", lambda one: str(one.first)),
    Column("second", lambda one: str(one.second)),
)


class RunDiff(Command):
    """Say what differed between two runs."""

    summary = "Say what differed between two runs"
    details = (
        "Compares command, parameters, script, snapshot, environment, state, exit code and "
        "duration. For the files of two snapshots see: outrig snapshot diff."
    )
    examples = (("outrig run diff 01JD 01JE", "two runs, by the beginnings of their ids"),)
    arguments = (argument("first", "a run's id"), argument("second", "another's"))
    lists = True

    def handle(self) -> int:
        """Print the differences."""
        _, first = self.outrig.run(self.word("first") or "")
        _, second = self.outrig.run(self.word("second") or "")
        found = [one for one in _compared(first, second) if one.first != one.second]
        self.listing(found, COLUMNS, empty="no difference")
        return 0


def _compared(first: Run, second: Run) -> Iterator[_Difference]:
    yield _Difference("command", first.command, second.command)
    for name in dict.fromkeys([*first.params, *second.params]):
        yield _Difference(f"param {name}", first.params.get(name), second.params.get(name))
    yield _Difference("script", first.script.strip(), second.script.strip())
    yield _Difference("snapshot", first.snapshot_digest, second.snapshot_digest)
    yield _Difference("environment", first.environment_digest, second.environment_digest)
    yield _Difference("state", first.state.status.value, second.state.status.value)
    yield _Difference("exit_code", first.state.exit_code, second.state.exit_code)
    yield _Difference("duration_s", duration_s(first), duration_s(second))
