"""The options that Outrig's own commands take, which a parameter of that name cannot be."""

from __future__ import annotations

OWN_OPTIONS = frozenset(
    {
        "cluster-param",
        "detach",
        "dry-run",
        "help",
        "idle",
        "idle-action",
        "max-age",
        "name",
        "no-color",
        "no-pull",
        "output",
        "param",
        "provider",
        "quiet",
        "resources",
        "session-args",
        "shell",
        "snapshot-name",
        "timeout",
        "verbose",
        "without-plugin",
        "yes",
    }
)
"""Options of `session start` and `session execute`, and the global ones, without the dashes."""
