"""What an S3 server or the way to it can answer, as one line that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.errors import AuthError, NotFoundError, OutrigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_BUSY_CODES = frozenset(
    {
        "ConditionalRequestConflict",  # 409: somebody else is writing the same key just now
        "OperationAborted",
        "RequestTimeout",  # 400: our own sending was too slow
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "IncompleteBody",
        "TooManyRequests",
    }
)
_MISSING = frozenset({"NoSuchKey", "404"})
_LACKING = frozenset({"NotImplemented", "MethodNotAllowed", "501", "405"})
_CREDENTIALS: Mapping[str, str] = {
    "ExpiredToken": "log in again: the credentials were temporary and have run out",
    "ExpiredTokenException": "log in again: the credentials were temporary and have run out",
    "TokenRefreshRequired": "log in again: the credentials were temporary and have run out",
    "InvalidToken": "the session token does not belong to the access key",
    "InvalidAccessKeyId": "check the access key: AWS_ACCESS_KEY_ID, or the profile",
    "SignatureDoesNotMatch": "check the secret key: AWS_SECRET_ACCESS_KEY, or the profile",
    "RequestTimeTooSkewed": "set this computer's clock",
}
_REGION = frozenset(
    {
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "301",
    }
)


def answer_of(error: Exception) -> tuple[int, str]:
    """Return status and code of a server's answer; (0, "") when there was none."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return 0, ""
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return int(status), str(response.get("Error", {}).get("Code", ""))


def is_temporary(error: Exception) -> bool:
    """Say whether the same call may succeed soon."""
    from botocore import exceptions
    from urllib3.exceptions import HTTPError

    status, code = answer_of(error)
    if status:
        return (status in _BUSY or code in _BUSY_CODES) and code not in _CREDENTIALS
    broken = (
        exceptions.HTTPClientError,  # no connection, a cut one, or no answer in time
        exceptions.ResponseStreamingError,
        exceptions.IncompleteReadError,
        exceptions.ChecksumError,
        HTTPError,  # a response that is cut while it is read: botocore does not always wrap it
    )
    if not isinstance(error, broken) or isinstance(error, exceptions.SSLError):
        return False
    return not _goes_in_circles(error)


def _goes_in_circles(error: BaseException | None) -> bool:
    """Say whether botocore followed a redirection that names no region until it had enough."""
    while error is not None:
        if isinstance(error, RecursionError):
            return True
        error = error.__cause__ or error.__context__
    return False


def is_taken(error: Exception) -> bool:
    """Say whether the key was there already."""
    status, code = answer_of(error)
    return status == 412 or code == "PreconditionFailed"


def is_lacking(error: Exception) -> bool:
    """Say whether the server does not know this kind of call."""
    status, code = answer_of(error)
    return status in (405, 501) or code in _LACKING


def is_past_the_end(error: Exception) -> bool:
    """Say whether a range began behind the object's last byte."""
    status, code = answer_of(error)
    return status == 416 or code == "InvalidRange"


def told(error: Exception, what: str, key: str, url: str) -> OutrigError:
    """Return the error for the user; `what` is the verb, as in "cannot read KEY in URL"."""
    status, code = answer_of(error)
    if code in _MISSING or (status == 404 and code not in ("NoSuchBucket", "NoSuchUpload")):
        return NotFoundError(f"there is no {key} in {url}")
    reason, hint = _reason(error, status, code)
    message = f"cannot {what} {key or 'the store'} in {url}: {reason}"
    if code in _CREDENTIALS:
        return AuthError(message, hint=_CREDENTIALS[code])
    if status in (401, 403) or _lacks_credentials(error):
        return AuthError(message, hint=hint)
    return StoreError(message, hint=hint)


def _reason(error: Exception, status: int, code: str) -> tuple[str, str | None]:
    if not status:
        return _broken(error)
    said = _one_line(getattr(error, "response", {}).get("Error", {}).get("Message", ""))
    reason = f"{code or status}{f' ({said})' if said and said != code else ''}"
    if code == "NoSuchBucket":
        return reason, "make the bucket first, or mend the store's URL"
    if code in _REGION or status in (301, 307):
        region = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPHeaders", {})
        named = region.get("x-amz-bucket-region")
        where = f" to {named}" if named else ""
        return reason, f"the bucket is in another region: set stores.s3.region{where}"
    if status in (401, 403):
        return reason, "these credentials may not do that: see docs/stores.md for what is needed"
    if status in _BUSY:
        return reason, "the server is busy; what was written is kept and used: try again"
    return reason, None


def _broken(error: Exception) -> tuple[str, str | None]:
    if _goes_in_circles(error):
        return "PermanentRedirect", "the bucket is in another region: set stores.s3.region"
    if _lacks_credentials(error):
        return (
            "there are no credentials",
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or stores.s3.profile",
        )
    reason = _one_line(str(error)) or type(error).__name__
    return reason, "what was written is kept and used: try again when the store can be reached"


def _lacks_credentials(error: Exception) -> bool:
    from botocore import exceptions

    kinds = (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.TokenRetrievalError,
        exceptions.UnauthorizedSSOTokenError,
    )
    return isinstance(error, kinds)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
