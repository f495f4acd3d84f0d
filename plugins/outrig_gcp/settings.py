"""The settings of the provider `gcp`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from outrig.api import setting
from outrig.cloud.settings import CloudSettings


@dataclass(frozen=True, kw_only=True)
class GcpSettings(CloudSettings):
    """Where instances are made, of what kind, and how they are reached."""

    short_flags: ClassVar[tuple[str, ...]] = (
        "project",
        "region",
        "zone",
        "machine_type",
        "spot",
        "spot_fallback",
        "image",
        "image_family",
        "disk",
        "max_price",
        "budget",
        "network",
        "subnet",
        "service_account",
    )

    project: str | None = setting(
        None, help="project; without one that of the credentials or of gcloud"
    )
    machine_type: tuple[str, ...] = setting(
        (), help="machine types, in the order to try, with +GPU:COUNT for n1 (+nvidia-tesla-t4:1)"
    )
    image: str | None = setting(
        None, help="image, or PROJECT/IMAGE; without one the current Ubuntu LTS"
    )
    image_family: str | None = setting(
        None, help="family whose newest image is taken, or PROJECT/FAMILY"
    )
    network: str | None = setting(
        None, help="network, or PROJECT/NETWORK; without one the subnetwork's, or the default one"
    )
    subnet: str | None = setting(None, help="subnetwork, or PROJECT/SUBNETWORK")
    network_tag: tuple[str, ...] = setting(
        (), help="network tags for nodes; without any, rules are made that let only you in"
    )
    service_account: str | None = setting(
        None, help="service account for nodes (an e-mail address); without one they have none"
    )
    scopes: tuple[str, ...] = setting(
        ("devstorage.read_only",), help="what a service account may be used for (OAuth scopes)"
    )
    node_config: str | None = setting(
        None, help="more fields of an instance, as JSON or as in a Ray cluster file"
    )
    endpoint: str | None = setting(None, help="base URL in place of Google's own")
