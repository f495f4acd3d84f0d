"""Asking for instances: one atomic request per place, then what several places have together."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from outrig.api import host_key_for, login_key
from outrig.errors import CapacityError, ConfigError, OutrigError, RemoteError
from outrig_aws.calls import filters
from outrig_aws.images import find_image
from outrig_aws.inventory import instances
from outrig_aws.network import caller_networks, let_in, own_group, subnets
from outrig_aws.places import in_region, in_zones, kinds, wanted_types
from outrig_aws.tags import HOST_KEY_TAG, USER_TAG, specifications
from outrig_aws.user_data import user_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrig.api import Context, Lifetime, ProvisionRequest
    from outrig_aws.calls import Aws
    from outrig_aws.images import Image
    from outrig_aws.places import Place
    from outrig_aws.prices import Prices
    from outrig_aws.settings import AwsSettings

INSTANCE = "instance"
TOKENS = 3
"""How often a request is made anew whose token was used up by one whose instances are gone."""
TAGGED = (INSTANCE, "volume", "network-interface")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """An instance that was asked for."""

    id: str
    region: str
    host_key: str
    user: str
    price: float | None = None


class Launch:
    """The making of one session's instances. `tried` are the reasons why places were passed by."""

    def __init__(
        self,
        aws: Aws,
        settings: AwsSettings,
        prices: Prices,
        request: ProvisionRequest,
        context: Context,
    ) -> None:
        self.aws = aws
        self.settings = settings
        self.prices = prices
        self.request = request
        self.context = context
        self.host_key = host_key_for(request.token)
        self.tried: list[str] = []
        self.last: OutrigError | None = None
        self._images: dict[tuple[str, str], Image] = {}
        self._groups: dict[tuple[str, str], tuple[str, ...]] = {}
        self._networks: tuple[str, ...] | None = None

    def make(self, count: int, batch: str) -> list[Launched]:
        """Return `count` instances, of one place if one has so many.

        `batch` tells this request from others of the same attempt. Raises `CapacityError` with the
        reason of every place, or the error that makes trying on pointless.
        """
        for place in self._affordable():
            made = self._try(place, count, count, batch)
            if made:
                return made
        gathered: list[Launched] = []
        for place in self._affordable() if count > 1 else ():
            gathered += self._try(place, 1, count - len(gathered), f"{batch}-part")
            if len(gathered) == count:
                return gathered
        raise self._exhausted(count)

    def _exhausted(self, count: int) -> OutrigError:
        if len(self.tried) == 1 and self.last is not None:
            return self.last
        nodes = f"{count} node{'s' if count != 1 else ''}"
        reasons = "; ".join(dict.fromkeys(self.tried)) or "nothing may be tried"
        return CapacityError(
            f"aws has no {nodes} in {len(self.tried)} tries: {reasons}",
            hint="add types, zones or regions (--instance-type, --region), or --spot-fallback",
        )

    def _affordable(self) -> Iterator[Place]:
        """Yield the places in order, without those that cost more than may be paid."""
        limit = self.settings.max_price
        for place in self._places():
            price = self.prices.of(place) if limit is not None and not place.spot else None
            if limit is not None and price is not None and price > limit:
                self._pass_by(f"{place.label}: {price:g} USD per hour is over the limit")
                continue
            yield place

    def _places(self) -> Iterator[Place]:
        types = wanted_types(self.settings, self.request.resources)
        allowed = {one for one in self.request.candidates if one.instance_type is not None}
        for spot in kinds(self.settings):
            for region in self.aws.regions():
                found = subnets(self.aws, self.settings, region)
                for place in in_region(region, types, spot=spot):
                    if not allowed or place.candidate in allowed:
                        yield from in_zones(place, found)

    def _pass_by(self, reason: str) -> None:
        self.tried.append(reason)
        self.context.progress(0, self.request.count, f"nodes; {reason}")

    def _try(self, place: Place, least: int, most: int, batch: str) -> list[Launched]:
        self.context.check_cancelled()
        image = self._image(place)
        fields = self._fields(place, image)
        token = _token(self.request.token, batch, str(least), str(most), place.label)
        for turn in range(TOKENS):
            try:
                return self._ask(
                    place, image, {**fields, "MinCount": least, "MaxCount": most}, token
                )
            except ConfigError as err:
                if "Idempotent" not in str(err) or turn + 1 == TOKENS:
                    raise
                found = [*self._made_with(token, place)]
                if found:
                    return [self._launched(one, place, image) for one in found]
                token = _token(token, "again")  # what it made is gone
        return []

    def _made_with(self, token: str, place: Place) -> Iterator[str]:
        """Yield the instances that an earlier request with a token made, and that are there."""
        for one in instances(self.aws, place.region, filters(client_token=token)):
            yield str(one["InstanceId"])

    def _ask(
        self, place: Place, image: Image, fields: Mapping[str, object], token: str
    ) -> list[Launched]:
        """Return the instances of one request, none where there is no capacity."""
        tags = dict(self.request.tags)
        intent = self.context.journal.intend(INSTANCE, scope=place.region, token=token, tags=tags)
        try:
            answer = self.aws.ec2(place.region, "run_instances", **fields, ClientToken=token)
        except CapacityError as err:
            intent.nothing_made()
            self._failed(place, err)
            return []
        except RemoteError as err:
            self._failed(place, err)  # something may have been made: its tags will tell
            return []
        except OutrigError:
            intent.nothing_made()
            raise
        ids = [str(one["InstanceId"]) for one in answer["Instances"]]
        intent.created(*ids)
        return [self._launched(one, place, image) for one in ids]

    def _failed(self, place: Place, err: OutrigError) -> None:
        self.last = err
        self._pass_by(f"{place.label}: {str(err).partition(': ')[2].partition(': ')[2] or err}")

    def _launched(self, instance: str, place: Place, image: Image) -> Launched:
        user = self.settings.user or image.user
        public = self.host_key.public
        return Launched(
            id=instance,
            region=place.region,
            host_key=public,
            user=user,
            price=self.prices.of(place),
        )

    def _image(self, place: Place) -> Image:
        key = (place.region, place.machine_type)
        if key not in self._images:
            self._images[key] = find_image(
                self.aws, place.region, self.settings.image, place.machine_type
            )
        return self._images[key]

    def _fields(self, place: Place, image: Image) -> dict[str, object]:
        settings = self.settings
        user = settings.user or image.user
        tags = {**self.request.tags, HOST_KEY_TAG: self.host_key.public, USER_TAG: user}
        size = settings.disk or max(image.size_gib, 30)
        disk = {"VolumeSize": size, "VolumeType": "gp3", "Encrypted": True}
        life = self.lifetime(self.prices.of(place) if settings.budget is not None else None)
        fields: dict[str, object] = {
            "ImageId": image.id,
            "InstanceType": place.machine_type,
            "SubnetId": place.in_subnet.id,
            "SecurityGroupIds": list(self._group(place)),
            "UserData": user_data(login_key().public, self.host_key, life, spot=place.spot),
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
        return {**fields, **node_config(settings)}

    def lifetime(self, price: float | None) -> Lifetime:
        """Return the session's limits, with the age at which its budget is used up."""
        return bounded(self.request.lifetime, self.settings.budget, price, self.request.count)

    def _group(self, place: Place) -> tuple[str, ...]:
        """Return the security groups; one of our own, if none is named, lets in only the caller."""
        if self.settings.security_group:
            return self.settings.security_group
        key = (place.region, place.in_subnet.vpc)
        if key not in self._groups:
            if self._networks is None:
                self._networks = caller_networks(self.settings)
            tags, token = self.request.tags, self.request.token
            group = own_group(
                self.aws, place.region, place.in_subnet.vpc, tags, token, self.context
            )
            let_in(self.aws, place.region, group, self._networks)
            self._groups[key] = (group,)
        return self._groups[key]


def _token(*parts: str) -> str:
    """Return a token of 64 characters, the most that AWS takes."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def bounded(lifetime: Lifetime, budget: float | None, price: float | None, count: int) -> Lifetime:
    """Return limits that keep to a budget in USD; raises `ConfigError` where no price is known."""
    if budget is None:
        return lifetime
    if not price:
        raise ConfigError(
            "aws: the price is not known, so a budget cannot be kept",
            hint="give --max-age in place of --budget",
        )
    age = budget / (price * count) * 3600.0
    return replace(lifetime, max_age_s=min(age, lifetime.max_age_s or age))


def _market(settings: AwsSettings) -> dict[str, Any]:
    options: dict[str, str] = {"SpotInstanceType": "one-time"}
    if settings.max_price is not None:
        options["MaxPrice"] = f"{settings.max_price:g}"
    return {"MarketType": "spot", "SpotOptions": options}


def node_config(settings: AwsSettings) -> dict[str, Any]:
    """Return the fields of RunInstances that the user gives as they are; raises `ConfigError`."""
    if not settings.node_config:
        return {}
    try:
        found = json.loads(settings.node_config)
    except ValueError as err:
        raise ConfigError(f"providers.aws.node_config is no JSON: {err}") from err
    own = {"MinCount", "MaxCount", "ClientToken", "TagSpecifications", "UserData"}
    if not isinstance(found, dict) or own & set(found):
        raise ConfigError(
            "providers.aws.node_config: it is no mapping, or has what Outrig sets itself",
            hint=f"leave out {', '.join(sorted(own))}",
        )
    return found
