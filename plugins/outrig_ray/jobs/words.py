"""The options that the commands on jobs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import argument, option
from outrig_ray.jobs.address import dashboard_address
from outrig_ray.jobs.client import Jobs

if TYPE_CHECKING:
    from outrig.api import Command

JOB = argument("job-id", "the job's id")
ADDRESS = option(
    "address",
    None,
    "the dashboard's URL, or the name of a cluster of ray up; default: RAY_API_SERVER_ADDRESS, "
    "RAY_ADDRESS, this computer",
    value="ADDRESS",
)
VERIFY = option(
    "verify", None, "true, false, or the file of trusted certificates", value="BOOL|FILE"
)
HEADERS = option(
    "headers", None, "sent with every request, as JSON; default: RAY_JOB_HEADERS", value="JSON"
)
LOG_OPTIONS = (
    option("log-style", None, "accepted; see --output", choices=("auto", "record", "pretty")),
    option("log-color", None, "accepted; see NO_COLOR", choices=("auto", "true", "false")),
)
CLUSTER_OPTIONS = (ADDRESS, VERIFY, HEADERS, *LOG_OPTIONS)


def jobs_of(command: Command) -> Jobs:
    """Return the jobs of the cluster that a command's options name; raises `UsageError`."""
    from outrig_ray.jobs.reaching import cluster_named, dashboard_of

    asked = command.text("address")
    cluster = cluster_named(command.outrig, asked)
    if cluster is not None:
        asked = dashboard_of(command.outrig, cluster)
    address = dashboard_address(asked, command.text("headers"), command.text("verify"))
    command.detail(f"Ray dashboard: {address.url}")
    return Jobs(address)
