"""The options that Outrig's own commands take, which a parameter of that name cannot be."""

from __future__ import annotations

OWN_OPTIONS = frozenset(
    {
        "again",
        "backoff",
        "cluster-param",
        "count",
        "depends",
        "detach",
        "dry-run",
        "enqueue-only",
        "exclude",
        "help",
        "idle",
        "idle-action",
        "limit",
        "max-age",
        "max-parallel",
        "max-wait",
        "name",
        "no-color",
        "no-pull",
        "notify",
        "on",
        "output",
        "param",
        "preview",
        "priority",
        "provider",
        "quiet",
        "resources",
        "retries",
        "rm",
        "session-args",
        "sessions",
        "shell",
        "snapshot-name",
        "starts-at",
        "timeout",
        "verbose",
        "without-plugin",
        "yes",
        "zip",
    }
)
"""Options of `session start` and `session execute`, and the global ones, without the dashes."""
