"""What AWS can refuse, as one line: what goes on elsewhere, and what stops."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outrig.errors import AuthError, CapacityError, ConfigError, OutrigError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping

CAPACITY = frozenset(
    {
        "AddressLimitExceeded",
        "FleetCapacityExceeded",
        "InstanceLimitExceeded",
        "InsufficientAddressCapacity",
        "InsufficientCapacity",
        "InsufficientCapacityOnHost",
        "InsufficientFreeAddressesInSubnet",
        "InsufficientHostCapacity",
        "InsufficientInstanceCapacity",
        "InsufficientReservedInstanceCapacity",
        "InsufficientVolumeCapacity",
        "MaxSpotInstanceCountExceeded",
        "NetworkInterfaceLimitExceeded",
        "ReservationCapacityExceeded",
        "SecurityGroupLimitExceeded",
        "SpotMaxPriceTooLow",
        "Unsupported",
        "UnsupportedHostConfiguration",
        "VcpuLimitExceeded",
        "VolumeLimitExceeded",
    }
)
"""Another zone, type or region may have what this one has not."""

CREDENTIALS: Mapping[str, str] = {
    "AccessDenied": "the policy that is needed: outrig doctor --provider aws",
    "AccessDeniedException": "the policy that is needed: outrig doctor --provider aws",
    "AuthFailure": "check the access key, and that the account may use this region",
    "Blocked": "the account is blocked: see its AWS support page",
    "ExpiredToken": "log in again: the credentials were temporary and have run out",
    "ExpiredTokenException": "log in again: the credentials were temporary and have run out",
    "IncompleteSignature": "check the secret key",
    "InvalidClientTokenId": "check the access key: AWS_ACCESS_KEY_ID, or the profile",
    "InvalidSecurity": "check the access key: AWS_ACCESS_KEY_ID, or the profile",
    "MissingAuthenticationToken": "there are no credentials: aws configure, or AWS_PROFILE",
    "NotAuthorized": "the policy that is needed: outrig doctor --provider aws",
    "OptInRequired": "enable the region, or subscribe to the image, in the AWS console",
    "PendingVerification": "AWS is still checking the account: try again later",
    "RequestExpired": "set this computer's clock, or log in again",
    "SignatureDoesNotMatch": "check the secret key: AWS_SECRET_ACCESS_KEY, or the profile",
    "TokenRefreshRequired": "log in again: the credentials were temporary and have run out",
    "UnauthorizedOperation": "the policy that is needed: outrig doctor --provider aws",
    "UnrecognizedClientException": "check the access key: AWS_ACCESS_KEY_ID, or the profile",
}
BUSY = frozenset(
    {
        "Bandwidthlimitexceeded",
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "InternalError",
        "InternalFailure",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
        "Unavailable",
    }
)
_WRONG = re.compile(r"^(Invalid|Malformed|Missing|Unknown|Validation|Idempotent|Duplicate|.*Param)")
_MISSING = re.compile(r"\.NotFound$|\.Unknown$|^ParameterNotFound$")


def code_of(error: BaseException) -> str:
    """Return the code of AWS's answer, empty when there was none."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return ""
    return (
        str(response.get("Error", {}).get("Code", ""))
        .removeprefix("Client.")
        .removeprefix("Server.")
    )


def is_missing(error: BaseException) -> bool:
    """Tell whether AWS does not know what was named: never made, gone, or not visible yet."""
    return _MISSING.search(code_of(error)) is not None


def is_busy(error: BaseException) -> bool:
    """Tell whether the same call may succeed soon."""
    from botocore.exceptions import HTTPClientError

    return code_of(error) in BUSY or isinstance(error, HTTPClientError)


def told(error: Exception, call: str, where: str) -> OutrigError:
    """Return the error for the user: `call` is AWS's name of it, `where` the region."""
    code = code_of(error)
    if not code:
        return _unanswered(error, call, where)
    said = one_line(getattr(error, "response", {}).get("Error", {}).get("Message", ""))
    said = said.partition(" Encoded authorization failure")[0]
    message = f"aws {where}: {call}: {code}" + (f" ({said})" if said and said != code else "")
    if code in CAPACITY:
        return CapacityError(message, hint="try other types, zones or regions, or ask for quota")
    if code in CREDENTIALS:
        return AuthError(message, hint=CREDENTIALS[code])
    if code in BUSY:
        return RemoteError(message, hint="AWS is busy: try again in a while")
    if _WRONG.match(code):
        return ConfigError(message, hint="see: outrig config show providers.aws")
    return RemoteError(message)


def _unanswered(error: Exception, call: str, where: str) -> OutrigError:
    from botocore import exceptions

    reason = one_line(str(error)) or type(error).__name__
    message = f"aws {where}: {call}: {reason}"
    credentials = (
        exceptions.CredentialRetrievalError,
        exceptions.InfiniteLoopConfigError,
        exceptions.NoAuthTokenError,
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.ProfileNotFound,
        exceptions.RefreshWithMFAUnsupportedError,
        exceptions.SSOError,
        exceptions.TokenRetrievalError,
        exceptions.UnauthorizedSSOTokenError,
    )
    if isinstance(error, credentials):
        return AuthError(message, hint="log in: aws configure, aws sso login, or AWS_PROFILE")
    if isinstance(error, exceptions.HTTPClientError):
        return RemoteError(message, hint="check the network, the proxy and the region's name")
    return ConfigError(message, hint="see: outrig config show providers.aws")


def one_line(text: str) -> str:
    """Return text without line breaks, at most 300 characters."""
    return " ".join(str(text).split())[:300]
