"""Calls of AWS: boto3 is imported when the first is made, clients are kept per region."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from outrig.errors import AuthError, ConfigError, PluginError
from outrig_aws.faults import is_busy, one_line, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrig_aws.settings import AwsSettings

ATTEMPTS = 6
CONNECT_S = 10.0
READ_S = 60.0
PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0


class Caller(Protocol):
    """Makes one call of a service in a region."""

    def __call__(self, region: str, name: str, /, **fields: object) -> Any:
        """Return AWS's answer; raises `OutrigError`."""


class Aws:
    """The account, as the settings and boto3's usual chain name it. Threads may share it."""

    def __init__(
        self, settings: AwsSettings, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._lock = threading.Lock()
        self._session: Any = None
        self._clients: dict[tuple[str, str], Any] = {}

    def regions(self) -> tuple[str, ...]:
        """Return the regions to use, in order; raises `ConfigError`."""
        if self._settings.region:
            return self._settings.region
        with self._lock:
            found = self._made_session().region_name
        if not found:
            raise ConfigError(
                "provider aws has no region",
                hint="give --region NAME, or set AWS_REGION or the profile's region",
            )
        return (str(found),)

    def ec2(self, region: str, name: str, /, **fields: object) -> Any:
        """Call EC2; `name` is boto3's (`run_instances`). What is temporary is tried again."""
        return self.call("ec2", region, name, **fields)

    def call(self, service: str, region: str, name: str, /, **fields: object) -> Any:
        """Call a service; raises `OutrigError` with AWS's reason."""
        method = getattr(self.client(service, region), name)
        for turn in range(ATTEMPTS):
            try:
                return method(**fields)
            except Exception as err:
                self._pause_or_raise(err, turn, camel(name), region)
        raise AssertionError("the last turn raises")

    def raw(self, region: str, name: str, /, **fields: object) -> Any:
        """Call EC2 once, and let boto3's own error through: for questions about permissions."""
        return getattr(self.client("ec2", region), name)(**fields)

    def pages(self, region: str, name: str, key: str, /, **fields: object) -> Iterator[Any]:
        """Yield what a listing of EC2 has under `key`, page after page."""
        token: str | None = None
        while True:
            more = {} if token is None else {"NextToken": token}
            page = self.ec2(region, name, **fields, **more)
            yield from page.get(key, ())
            token = page.get("NextToken")
            if not token:
                return

    def _pause_or_raise(self, error: Exception, turn: int, name: str, region: str) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        if not isinstance(error, BotoCoreError | ClientError | ValueError):
            raise error
        if turn + 1 == ATTEMPTS or not is_busy(error):
            raise told(error, name, region) from error
        self._sleep(min(PAUSE_S * 2**turn, LONGEST_PAUSE_S))

    def client(self, service: str, region: str) -> Any:
        """Return boto3's client, made once per service and region."""
        with self._lock:
            found = self._clients.get((service, region))
            if found is None:
                found = self._made_client(service, region)
                self._clients[service, region] = found
        return found

    def _made_client(self, service: str, region: str) -> Any:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        # Tries of our own: botocore would also repeat InsufficientInstanceCapacity, which is 500.
        config = Config(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            max_pool_connections=16,
            retries={"total_max_attempts": 1, "mode": "standard"},
            user_agent_extra="outrig",
        )
        try:
            return self._made_session().client(service, region_name=region, config=config)
        except (BotoCoreError, ValueError) as err:
            raise told(err, service, region) from err

    def _made_session(self) -> Any:
        if self._session is None:
            try:
                import boto3
                from botocore.exceptions import BotoCoreError
            except ImportError as err:
                raise PluginError(
                    "provider aws needs boto3, which is not installed",
                    hint="pip install 'outrig[aws]'",
                ) from err
            try:
                self._session = boto3.session.Session(profile_name=self._settings.profile)
            except BotoCoreError as err:
                hint = "see: aws configure list-profiles"
                raise AuthError(f"aws: {one_line(str(err))}", hint=hint) from err
        return self._session


def camel(name: str) -> str:
    """Return a call's name as AWS writes it."""
    return "".join(part.capitalize() for part in name.split("_"))


def filters(**wanted: str | list[str]) -> list[dict[str, object]]:
    """Return filters of EC2's listings: `tag__NAME` stands for `tag:NAME`, `_` for `-`."""
    found: list[dict[str, object]] = []
    for key, value in wanted.items():
        tag, mark, name = key.partition("__")
        label = f"{tag}:{name}" if mark else key
        values = [value] if isinstance(value, str) else value
        found.append({"Name": label.replace("_", "-"), "Values": values})
    return found
