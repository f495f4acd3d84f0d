"""A session that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from outrig_backendai.slots import Slots

INTERACTIVE = "interactive"
BATCH = "batch"
SINGLE_NODE = "single-node"
MULTI_NODE = "multi-node"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """What a session is to be. `None` leaves a thing to what counts where nothing is said.

    `mounts` are texts as given, `slots` what each kernel takes, `preopen` ports, `owner` the access
    key of whose it is to be. With `reuse` a live one of that name and image is taken as it is.
    """

    image: str
    name: str | None = None
    type: str = INTERACTIVE
    environ: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[str, ...] = ()
    slots: Slots | None = None
    resource_opts: Mapping[str, str] = field(default_factory=dict)
    tag: str | None = None
    cluster_size: int = 1
    cluster_mode: str = SINGLE_NODE
    startup_command: str | None = None
    bootstrap_script: str | None = None
    starts_at: datetime | None = None
    depends: tuple[str, ...] = ()
    preopen: tuple[int, ...] = ()
    scaling_group: str | None = None
    assigned_agents: tuple[str, ...] = ()
    domain: str | None = None
    group: str | None = None
    owner: str | None = None
    priority: int | None = None
    architecture: str = "x86_64"
    callback_url: str | None = None
    reuse: bool = True
    extra: Mapping[str, str] = field(default_factory=dict)
