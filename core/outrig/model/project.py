"""A project as every form of project file describes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from outrig.model.interruption import Interruption
from outrig.model.resources import ANY, Resources

Scalar = str | int | float | bool
"""A parameter's value as YAML gives it."""


class ParamType(Enum):
    """The declared type of a parameter."""

    STR = "str"
    INT = "int"
    FLOAT = "float"


class ProjectForm(Enum):
    """Which kind of project file was read."""

    OUTRIG = "outrig"
    RAY_07 = "ray-0.7"
    RAY_08 = "ray-0.8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One `--name` of a command; without `default` a value must be given."""

    name: str
    type: ParamType | None = None
    choices: tuple[Scalar, ...] = ()
    default: Scalar | None = None
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandConfig:
    """How a command is run: in tmux, with a forwarded port, in which environment."""

    tmux: bool = False
    port_forward: int | None = None
    run_env: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSpec:
    """Where a project's nodes are described: a cluster file, relative to the project's root."""

    config: str
    params: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """What nodes to take: provider, how many and how large. `settings` are the provider's own.

    `on_interruption` `None` leaves what becomes of the session when they are taken back as it is.
    `count` `None` leaves it to the provider: the hosts that were named, or one node. `shared` are
    settings that were said for several providers at once: each takes those that it has.
    """

    provider: str = "local"
    count: int | None = None
    resources: Resources = ANY
    settings: tuple[tuple[str, object], ...] = ()
    on_interruption: Interruption | None = None
    shared: tuple[tuple[str, object], ...] = ()
    otherwise: tuple[Compute, ...] = ()
    """Where to go, in this order, when the provider has no capacity."""

    @property
    def providers(self) -> tuple[str, ...]:
        """Its provider, and those to go on to."""
        return (self.provider, *(one.provider for one in self.otherwise))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSpec:
    """An engine that is brought up on all nodes of a session; `version` `None` takes any."""

    name: str
    version: str | None = None

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A named command: shell text with `{{parameter}}` in it."""

    name: str
    command: str
    help: str = ""
    params: tuple[Parameter, ...] = ()
    config: CommandConfig = CommandConfig()
    cluster: ClusterSpec | None = None
    background: bool = False
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a node needs before commands run. Paths are relative to the project's root."""

    requirements: str | None = None
    conda: str | None = None
    dockerfile: str | None = None
    image: str | None = None
    shell: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One project: where it is, and everything its project file says.

    `notices` are lines for the user about what is allowed but may not be meant.
    """

    name: str
    root: Path
    file: Path
    form: ProjectForm
    description: str = ""
    repo: str | None = None
    documentation: str | None = None
    tags: tuple[str, ...] = ()
    cluster: ClusterSpec | None = None
    compute: Compute | None = None
    runtime: RuntimeSpec | None = None
    environment: Environment = Environment()
    commands: tuple[Command, ...] = ()
    output_files: tuple[str, ...] = ()
    metrics_file: str | None = None
    prefix: str | None = None
    store: str | None = None
    notices: tuple[str, ...] = ()

    def command(self, name: str) -> Command | None:
        """Return the command of that name; of several with one name the last, as Ray does."""
        return next((one for one in reversed(self.commands) if one.name == name), None)
