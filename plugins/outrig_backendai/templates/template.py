"""What a template says, once it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_BYTES = 256 * 1024
"""A template's text is no longer than this."""
HIDDEN = "********"
"""What stands for a password where a template is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSource:
    """A repository that a session begins with; without `destination` it is named by itself."""

    repository: str
    branch: str = ""
    commit: str = ""
    destination: str = ""
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a template says. `mounts` are paths by folder, empty for the place they have anyway."""

    name: str
    image: str
    tag: str | None = None
    type: str = "interactive"
    environ: Mapping[str, str] = field(default_factory=dict)
    bootstrap: str = ""
    startup_command: str = ""
    git: GitSource | None = None
    mounts: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    scaling_group: str | None = None
    agents: tuple[str, ...] = ()
    architecture: str = ""
