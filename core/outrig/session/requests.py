"""What a caller asks of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from outrig.errors import UsageError
from outrig.model.node import Lifetime
from outrig.model.project import Compute, Project
from outrig.model.resources import ANY, Resources
from outrig.model.run import EnvironmentSource
from outrig.model.snapshot import SnapshotReader


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run to start: shell text, and what to record of where it came from.

    `on` is `head`, `workers`, `all`, a rank or a node's name: it makes a run on each of those.
    `None` leaves it to the provider, which gives several runs to the nodes by turns. One that is
    `beside` others takes no slots, is not done again when it is cut, and lets a session be idle.
    With `of_session` the resources are limits that all such runs of the session share, and nothing
    is taken of the node's slots: the session has them already, and its caller counts them.

    Raises `UsageError` for text that is not Unicode: bytes of a command line that were not UTF-8.
    """

    script: str
    command: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    resources: Resources = ANY
    timeout_s: float | None = None
    background: bool = False
    tmux: bool = False
    on: str | None = None
    beside: bool = False
    of_session: bool = False

    def __post_init__(self) -> None:
        try:
            self.script.encode()
        except UnicodeEncodeError as err:
            raise UsageError(
                f"what is to be run has bytes that are not UTF-8: {self.script[:80]!r}",
                hint="let the program make them, as with printf '\\377'",
            ) from err


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """A session to start, or to bring up to date when one of that name is there.

    `name` `None` takes the project's name, made unique with a number. `project` is the one in
    `snapshot`; its root is where outputs come back to, those of a session that is new and
    `outputs_apart` to `outputs/<session>/` there. `grows` says that what runs there makes further
    machines, `resize` that a running session may get more nodes. `environment` is `None` when
    nothing has to be set up; `lifetime` `None` leaves the session's as it is.
    """

    project: Project
    project_id: str
    snapshot: SnapshotReader
    compute: Compute
    environment: EnvironmentSource | None = None
    lifetime: Lifetime | None = None
    cluster: str | None = None
    name: str | None = None
    runs: tuple[NewRun, ...] = ()
    outputs_apart: bool = False
    grows: bool = False
    resize: bool = False

    @property
    def step_count(self) -> int:
        """How many steps starting it has, its runs counted as one."""
        return 3 + (self.project.runtime is not None) + bool(self.runs)
