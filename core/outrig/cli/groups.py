"""Outrig's own groups of commands. Part of the start-up path."""

from __future__ import annotations

from outrig.cli.route import Group, Route

CONFIG = Group(summary="Show and change the configuration")
PLUGIN = Group(summary="Write, check and list plugins")
PROJECT = Group(summary="Make, check and show projects")
PROVIDER = Group(summary="Set up, show and forget the providers of nodes")
RUN = Group(summary="Show, repeat and cancel runs")
SESSION = Group(summary="Hold nodes, run a project's commands on them, bring the outputs back")
SHIM = Group(summary="Let other tools' own command lines work with Outrig")
SNAPSHOT = Group(summary="Keep, compare and restore copies of a project's files")
STORE = Group(summary="Name, show and forget the stores that snapshots are kept in")
SWEEP = Group(summary="Run a command over many values, as one thing to watch, cancel and read")

ANY = Route(
    to="",
    summary="Projects, snapshots and sessions, as users of the any client know them",
    style="any",
    only=("project", "session", "snapshot"),
    shim="any",
)
