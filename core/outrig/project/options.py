"""The options that Outrig's own commands take, which a parameter of that name cannot be."""

from __future__ import annotations

OWN_OPTIONS = frozenset(
    {
        "again",
        "all-files",
        "background",
        "clean",
        "cluster-param",
        "color",
        "count",
        "description",
        "dry-run",
        "format",
        "help",
        "idle",
        "idle-action",
        "keep",
        "max-age",
        "max-parallel",
        "name",
        "no-ansi",
        "no-color",
        "output",
        "param",
        "project",
        "provider",
        "quiet",
        "resources",
        "retry",
        "session-args",
        "shell",
        "snapshot-name",
        "store",
        "verbose",
        "version",
        "yes",
    }
)
"""Options of `session start` and `session execute`, and the global ones, without the dashes."""
