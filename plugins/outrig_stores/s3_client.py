"""boto3's client, made when it is first needed: importing it takes longer than most commands."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from outrig.errors import AuthError, ConfigError, PluginError

_CONNECT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """How to reach an S3 server; `timeout_s` is how long one answer may take, in seconds."""

    endpoint: str | None
    region: str | None
    profile: str | None
    access_key: str | None
    secret_key: str | None
    addressing: str
    connections: int
    timeout_s: float


def make_client(options: ClientOptions, url: str, *, linking: bool = False) -> Any:
    """Return a client for threads to share; raises `PluginError`, `ConfigError`, `AuthError`.

    One for `linking` signs links in the newer way, which covers the range, at the region's address.
    """
    try:
        import boto3
        from botocore import exceptions
    except ImportError as err:
        raise PluginError(
            f"{url} needs boto3, which is not installed", hint="pip install 'outrig[s3]'"
        ) from err
    try:
        session = boto3.session.Session(profile_name=options.profile)
        region = options.region or session.region_name or "us-east-1"
        return session.client(
            "s3",
            region_name=region,
            endpoint_url=options.endpoint,
            aws_access_key_id=options.access_key,
            aws_secret_access_key=options.secret_key,
            config=_config(options, linking=linking),
        )
    except exceptions.ProfileNotFound as err:
        raise AuthError(f"{url}: {err}", hint="see: aws configure list-profiles") from err
    except (exceptions.BotoCoreError, ValueError) as err:
        raise ConfigError(f"{url}: {err}", hint="see: outrig config show stores.s3") from err


def _config(options: ClientOptions, *, linking: bool) -> Any:
    from botocore.config import Config

    # Servers that are not AWS often know neither the newer checksums nor the way they are sent:
    # https://github.com/boto/boto3/issues/4392. Content is verified by its own digests anyway.
    elsewhere = options.endpoint or os.environ.get("AWS_ENDPOINT_URL")
    sums = "when_required" if elsewhere else "when_supported"
    # "auto" makes links to the address of all regions, which sends on what is signed for itself.
    own = options.addressing
    style = "virtual" if linking and not elsewhere and own == "auto" else own
    return Config(
        connect_timeout=min(_CONNECT_S, options.timeout_s),
        read_timeout=options.timeout_s,
        max_pool_connections=options.connections + 4,
        signature_version="s3v4" if linking else None,
        retries={"total_max_attempts": 1, "mode": "standard"},
        s3={"addressing_style": style},
        request_checksum_calculation=sums,
        response_checksum_validation=sums,
        user_agent_extra="outrig",
    )
