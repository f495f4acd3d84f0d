"""What a caller asks of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from outrig.model.node import Lifetime
from outrig.model.project import Compute, Project
from outrig.model.resources import ANY, Resources
from outrig.model.run import EnvironmentSource
from outrig.model.snapshot import SnapshotReader


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run to start: shell text, and what to record of where it came from."""

    script: str
    command: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    resources: Resources = ANY
    timeout_s: float | None = None
    background: bool = False
    tmux: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """A session to start, or to bring up to date when one of that name is there.

    `name` `None` takes the project's name, made unique with a number. `project` is the one in
    `snapshot`; its root is where outputs come back to. `environment` is `None` when nothing has to
    be set up; `lifetime` `None` leaves the session's as it is.
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
