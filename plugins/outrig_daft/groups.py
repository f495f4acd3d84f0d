"""The groups of the `daft` command set, and the other words its commands had."""

from __future__ import annotations

from outrig.api import Group, Route

DAFT = Group(summary="Clusters for Daft, as users of daft-launcher know them", shim="daft")
JOB = Group(summary="Run the jobs of a Daft file, and see what became of them")
CONFIG = Group(summary="The same as daft init-config, check and export")

INIT = Route(to="daft init-config", hidden=True)
CONFIG_INIT = Route(to="daft init-config", summary="Write a Daft file")
CONFIG_CHECK = Route(to="daft check", summary="Check a Daft file")
CONFIG_EXPORT = Route(
    to="daft export", summary="Print the cluster file of Ray's that it stands for"
)
JOB_SQL = Route(to="daft sql", summary="Run a query on a cluster")
PROVISIONED = Route(
    to="daft",
    summary="The same as daft up, down, kill, list, connect and ssh",
    only=("up", "down", "stop", "kill", "list", "connect", "ssh"),
)
