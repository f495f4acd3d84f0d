"""What Compute Engine can refuse, as one line: what goes on elsewhere, and what stops."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from outrig.errors import AuthError, CapacityError, ConfigError, OutrigError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping

CAPACITY = frozenset(
    {
        "GPUS_ALL_REGIONS",
        "IP_SPACE_EXHAUSTED",
        "IP_SPACE_EXHAUSTED_WITH_DETAILS",
        "QUOTA_EXCEEDED",
        "RESERVATION_CAPACITY_EXCEEDED",
        "RESOURCE_POOL_EXHAUSTED",
        "UNSUPPORTED_OPERATION",
        "VM_MIN_COUNT_NOT_REACHED",
        "ZONE_RESOURCE_POOL_EXHAUSTED",
        "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS",
        "insufficientCapacity",
        "limitExceeded",
        "quotaExceeded",
        "resourcePoolExhausted",
        "stockout",
    }
)
"""Another zone, type or region may have what this one has not."""

CREDENTIALS: Mapping[str, str] = {
    "SERVICE_DISABLED": "gcloud services enable compute.googleapis.com, and wait a minute",
    "accessNotConfigured": "gcloud services enable compute.googleapis.com, and wait a minute",
    "BILLING_DISABLED": "link the project to a billing account",
    "billingNotEnabled": "link the project to a billing account",
    "accountDisabled": "the account is disabled: see the Google Cloud console",
    "PERMISSIONS_ERROR": "the role that is needed: outrig doctor --provider gcp",
    "insufficientPermissions": "the role that is needed: outrig doctor --provider gcp",
    "forbidden": "the role that is needed: outrig doctor --provider gcp",
    "authError": "log in again: gcloud auth application-default login",
    "required": "log in: gcloud auth application-default login",
    "expired": "log in again: gcloud auth application-default login",
}
BUSY = frozenset(
    {
        "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED",
        "INTERNAL_ERROR",
        "OPERATION_CANCELED_BY_USER",
        "RESOURCE_NOT_READY",
        "RESOURCE_OPERATION_RATE_EXCEEDED",
        "backendError",
        "internalError",
        "operationInProgress",
        "rateLimitExceeded",
        "resourceNotReady",
        "userRateLimitExceeded",
    }
)
HELD = frozenset(
    {"RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", "resourceInUseByAnotherResource", "resourceNotReady"}
)
TAKEN = frozenset({"RESOURCE_ALREADY_EXISTS", "alreadyExists"})
MISSING = frozenset({"RESOURCE_NOT_FOUND", "notFound"})
_NOT_IN_ZONE = re.compile(r"does not exist in zone|not available in|not supported in zone", re.I)


class Refused(Exception):  # noqa: N818 - as Google says it
    """An answer that is no success: HTTP status, Google's reason or code, and its message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = " ".join(message.split())[:300]

    @property
    def is_busy(self) -> bool:
        """Whether the same call may succeed soon."""
        if self.reason in CAPACITY:
            return False
        return self.reason in BUSY or self.status in (408, 429, 500, 502, 503, 504)


def refused(status: int, answer: Any) -> Refused:
    """Return what an HTTP error says; `answer` is its JSON, whatever that may be."""
    error = answer.get("error", {}) if isinstance(answer, dict) else {}
    if not isinstance(error, dict):
        return Refused(status, str(error), str(answer.get("error_description", error)))
    first: Any = next(iter(error.get("errors") or ()), {})
    details = [one for one in error.get("details") or () if isinstance(one, dict)]
    said = next((str(one["reason"]) for one in details if "reason" in one), "")
    reason = said if said in CREDENTIALS else str(first.get("reason") or said or "")
    return Refused(status, reason, str(error.get("message") or first.get("message") or ""))


def failed_operation(operation: Any) -> Refused | None:
    """Return why an operation failed, `None` if it did not."""
    errors = operation.get("error", {}).get("errors") or ()
    if not errors:
        return None
    known = [one for one in errors if one.get("code") in CAPACITY] or [*errors]
    status = int(operation.get("httpErrorStatusCode") or 400)
    return Refused(status, str(known[0].get("code", "")), str(known[0].get("message", "")))


def told(error: Refused, call: str, where: str) -> OutrigError:
    """Return the error for the user: `call` is Google's name of it, `where` zone or project."""
    code = error.reason or f"HTTP {error.status}"
    message = f"gcp {where}: {call}: {code}" + (f" ({error.message})" if error.message else "")
    if error.reason in CAPACITY or _NOT_IN_ZONE.search(error.message):
        return CapacityError(message, hint="try other types, zones or regions, or ask for quota")
    if error.is_busy:
        return RemoteError(message, hint="Google is busy: try again in a while")
    if error.reason in CREDENTIALS or error.status in (401, 403):
        usual = "authError" if error.status == 401 else "forbidden"
        return AuthError(message, hint=CREDENTIALS.get(error.reason, CREDENTIALS[usual]))
    if error.status in (400, 404, 409, 412) and error.reason not in HELD:
        return ConfigError(message, hint="see: outrig config show providers.gcp")
    return RemoteError(message)


def reason_of(error: OutrigError) -> str:
    """Return Google's reason or code of a translated error, empty where it had none."""
    cause = error.__cause__
    return cause.reason if isinstance(cause, Refused) else ""


def is_missing(error: OutrigError) -> bool:
    """Tell whether Google does not know what was named."""
    cause = error.__cause__
    return isinstance(cause, Refused) and (cause.status == 404 or cause.reason in MISSING)
