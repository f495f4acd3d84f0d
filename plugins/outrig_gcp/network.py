"""The network to be in, and the rules that let in only who asked for the nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outrig.errors import ConfigError, OutrigError
from outrig_gcp.faults import TAKEN, reason_of
from outrig_gcp.inventory import FIREWALL
from outrig_gcp.labels import description, label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import Context, ProvisionRequest
    from outrig_gcp.calls import Gcp
    from outrig_gcp.settings import GcpSettings

ALLOWS, DENIES = 900, 901
"""Priorities: before the rules of a default network, which let in everybody's SSH."""


def network_of(gcp: Gcp, settings: GcpSettings) -> str:
    """Return the path of the network: the one named, the subnetwork's, or the default one."""
    if settings.network is None and settings.subnet:
        found = gcp.get(_subnet(gcp, settings.subnet, gcp.regions[0]))
        return str(found["network"]).partition("/compute/v1/")[2]
    name = settings.network or "default"
    project, _, own = name.rpartition("/")
    return (
        name if "networks/" in name else f"projects/{project or gcp.project}/global/networks/{own}"
    )


def _subnet(gcp: Gcp, name: str, region: str) -> str:
    project, _, own = name.rpartition("/")
    path = f"projects/{project or gcp.project}/regions/{region}/subnetworks/{own}"
    return name if "subnetworks/" in name else path


def interface(gcp: Gcp, settings: GcpSettings, region: str) -> dict[str, Any]:
    """Return the one network interface of an instance, with a public address unless `private`."""
    if settings.subnet:
        own: dict[str, Any] = {"subnetwork": _subnet(gcp, settings.subnet, region)}
    else:
        own = {"network": network_of(gcp, settings)}
    if not settings.private:
        own["accessConfigs"] = [{"name": "External NAT", "type": "ONE_TO_ONE_NAT"}]
    return own


def tag_of(session_id: str) -> str:
    """Return the network tag of a session's nodes, which its rules are about."""
    return f"outrig-{label(session_id)}"


def open_to(
    gcp: Gcp,
    settings: GcpSettings,
    request: ProvisionRequest,
    networks: Sequence[str],
    context: Context,
) -> list[Any]:
    """Let these networks log in and the session's nodes reach each other; all else stays out.

    Returns the operations, which need not have ended. Rules that are there already are brought up
    to date: our address may be another one than it was.
    """
    network = network_of(gcp, settings)
    if not network.startswith(f"projects/{gcp.project}/"):
        raise ConfigError(
            f"gcp {gcp.project}: {network} is another project's, and so are rules for it",
            hint="name network tags that let you in there: --gcp-network-tag TAG",
        )
    tag, path = tag_of(request.session_id), "global/firewalls"
    ours = gcp.listed(path, filter=f'name eq "{tag}-.*"')
    there = {str(one["name"]): one for one in ours}
    begun: list[Any] = []
    for rule in _rules(network, tag, networks):
        name = str(rule["name"])
        if name not in there:
            begun.append(_made(gcp, rule, request, context))
        elif "sourceRanges" in rule and there[name].get("sourceRanges") != rule["sourceRanges"]:
            change = {"name": name, "sourceRanges": rule["sourceRanges"]}
            begun.append(gcp.call("PATCH", f"{path}/{name}", body=change))
    return [one for one in begun if one]


def _made(gcp: Gcp, rule: dict[str, Any], request: ProvisionRequest, context: Context) -> Any:
    tags, token = request.tags, request.token
    intent = context.journal.intend(FIREWALL, scope=gcp.project, token=token, tags=tags)
    try:
        operation = gcp.post("global/firewalls", {**rule, "description": description(tags)})
    except OutrigError as err:
        if reason_of(err) not in TAKEN:
            raise
        operation = None  # another start of this session was faster
    intent.created(str(rule["name"]))
    return operation


def _rules(network: str, tag: str, networks: Sequence[str]) -> list[dict[str, Any]]:
    ssh, everything = [{"IPProtocol": "tcp", "ports": ["22"]}], [{"IPProtocol": "all"}]
    kinds: dict[str, dict[str, Any]] = {
        "ssh": {"priority": ALLOWS, "sourceRanges": [*networks], "allowed": ssh},
        "own": {"priority": ALLOWS, "sourceTags": [tag], "allowed": everything},
        "rest": {"priority": DENIES, "sourceRanges": ["0.0.0.0/0"], "denied": everything},
    }
    own = {"network": network, "direction": "INGRESS", "targetTags": [tag]}
    return [{**own, **one, "name": f"{tag}-{name}"} for name, one in kinds.items()]
