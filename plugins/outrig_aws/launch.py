"""Asking EC2 for instances: one atomic request per place."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from outrig.api import host_key_for, login_key
from outrig.cloud.caller import caller_networks
from outrig.cloud.launching import MACHINE, Launch, Launched, token_of
from outrig.cloud.machines import THERE
from outrig.cloud.node_config import node_config
from outrig.errors import ConfigError
from outrig_aws.calls import filters
from outrig_aws.images import find_image
from outrig_aws.inventory import Ec2
from outrig_aws.network import let_in, own_group, subnets
from outrig_aws.settings import AwsSettings
from outrig_aws.tags import HOST_KEY_TAG, USER_TAG, specifications
from outrig_aws.user_data import user_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.api import HostKey
    from outrig.cloud.places import Place
    from outrig_aws.images import Image
    from outrig_aws.network import Subnet

TOKENS = 3
"""How often a request is made anew whose token was used up by one whose instances are gone."""
TAGGED = (MACHINE, "volume", "network-interface")
OWN_FIELDS = {"MinCount", "MaxCount", "ClientToken", "TagSpecifications", "UserData"}


class AwsLaunch(Launch[AwsSettings, Ec2]):
    """The making of one session's instances: one request of EC2 is all of them, or none."""

    hint = "add types, zones or regions (--instance-type, --region), or --spot-fallback"

    @cached_property
    def _host_key(self) -> HostKey:
        return host_key_for(self.request.token)

    @cached_property
    def _networks(self) -> tuple[str, ...]:
        return caller_networks(self.settings, "aws")

    @cached_property
    def _images(self) -> dict[tuple[str, str], Image]:
        return {}

    @cached_property
    def _groups(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {}

    @cached_property
    def _subnets(self) -> dict[str, tuple[Subnet, ...]]:
        return {}

    def in_zones(self, place: Place) -> Iterator[Place]:
        """Yield a place's subnets, one for each zone."""
        if place.region not in self._subnets:
            found = subnets(self.account.aws, self.settings, place.region)
            self._subnets[place.region] = found
        for one in self._subnets[place.region]:
            yield replace(place, zone=one.zone, subnet=one.id, network=one.vpc)

    def ready(self, place: Place) -> None:
        """Find the image, and make the security group."""
        self._image(place)
        self._group(place)

    def ask(self, place: Place, least: int, most: int, token: str) -> list[Launched]:
        """Ask once; a token that was used up by a request of other parameters is made anew."""
        fields = {**self._fields(place, self._image(place)), "MinCount": least, "MaxCount": most}
        for turn in range(TOKENS):
            try:
                aws = self.account.aws
                answer = aws.ec2(place.region, "run_instances", **fields, ClientToken=token)
                return [self._launched(one["InstanceId"], place) for one in answer["Instances"]]
            except ConfigError as err:
                if "Idempotent" not in str(err) or turn + 1 == TOKENS:
                    raise
                asked = filters(client_token=token)
                states = [one.value for one in THERE]
                asked += filters(instance_state_name=states)
                found = [*self.account.instances(place.region, asked)]
                if found:
                    return [self._launched(one["InstanceId"], place) for one in found]
                token = token_of(token, "again")  # what it made is gone
        return []

    def join(self, scope: str) -> None:
        """Let us in: our address may be another one than when the session was started."""
        if self.settings.security_group:
            return
        for one in self.account.beside(scope, (self.request.session_id,)):
            let_in(self.account.aws, scope, one.id, self._networks)

    def _launched(self, instance: str, place: Place) -> Launched:
        return Launched(
            id=str(instance),
            scope=place.region,
            zone=place.zone,
            host_key=self._host_key.public,
            user=self.settings.user or self._image(place).user,
            price=self.price(place),
        )

    def _image(self, place: Place) -> Image:
        key = (place.region, place.machine_type)
        if key not in self._images:
            self._images[key] = find_image(
                self.account.aws, place.region, self.settings.image, place.machine_type
            )
        return self._images[key]

    def _fields(self, place: Place, image: Image) -> dict[str, object]:
        settings = self.settings
        user = settings.user or image.user
        tags = {**self.request.tags, HOST_KEY_TAG: self._host_key.public, USER_TAG: user}
        size = settings.disk or max(image.size_gib, 30)
        disk = {"VolumeSize": size, "VolumeType": "gp3", "Encrypted": True}
        life = self.lifetime(self.price(place) if settings.budget is not None else None)
        fields: dict[str, object] = {
            "ImageId": image.id,
            "InstanceType": place.machine_type,
            "SubnetId": place.subnet,
            "SecurityGroupIds": list(self._group(place)),
            "UserData": user_data(login_key().public, self._host_key, life, spot=place.spot),
            "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
            "BlockDeviceMappings": [
                {"DeviceName": image.device, "Ebs": {**disk, "DeleteOnTermination": True}}
            ],
            "TagSpecifications": specifications(TAGGED, tags),
        }
        if place.spot:
            fields["InstanceMarketOptions"] = _market(settings)
        if life.terminate or place.spot:
            fields["InstanceInitiatedShutdownBehavior"] = "terminate"
        else:
            fields["InstanceInitiatedShutdownBehavior"] = "stop"
        if settings.key:
            fields["KeyName"] = settings.key
        if settings.instance_profile:
            kind = "Arn" if settings.instance_profile.startswith("arn:") else "Name"
            fields["IamInstanceProfile"] = {kind: settings.instance_profile}
        return {**fields, **node_config(settings.node_config, "aws", OWN_FIELDS)}

    def _group(self, place: Place) -> tuple[str, ...]:
        """Return the security groups; one of our own, if none is named, lets in only the caller."""
        if self.settings.security_group:
            return self.settings.security_group
        key = (place.region, place.network)
        if key not in self._groups:
            aws, networks = self.account.aws, self._networks
            tags, token = self.request.tags, self.request.token
            group = own_group(aws, place.region, place.network, tags, token, self.context)
            let_in(aws, place.region, group, networks)
            self._groups[key] = (group,)
        return self._groups[key]


def _market(settings: AwsSettings) -> dict[str, Any]:
    options: dict[str, str] = {"SpotInstanceType": "one-time"}
    if settings.max_price is not None:
        options["MaxPrice"] = f"{settings.max_price:.6f}".rstrip("0").rstrip(".")
    return {"MarketType": "spot", "SpotOptions": options}
