"""Calls of Compute Engine over its REST interface, with Google's own credentials.

Google's client library for it takes 1.4 s of processor time to import and cannot be taken in parts;
google-auth takes 0.2 s, and bodies stay as Google documents them.
"""

from __future__ import annotations

import threading
import time
import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any

from outrig.errors import AuthError, ConfigError, OutrigError, PluginError, RemoteError
from outrig_gcp.faults import Refused, failed_operation, refused, told
from outrig_gcp.gcloud import Gcloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrig.api import Context
    from outrig_gcp.settings import GcpSettings

COMPUTE = "https://compute.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
ATTEMPTS = 6
TIMEOUT_S = (10.0, 60.0)
PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0
MOST_PER_PAGE = 500


class Gcp:
    """A project, as the settings and Google's usual chain name it. Threads may share it."""

    def __init__(
        self, settings: GcpSettings, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._lock = threading.Lock()
        self._local = threading.local()
        self._found: tuple[Any, str | None] | None = None

    @cached_property
    def _gcloud(self) -> Gcloud:
        return Gcloud()

    @cached_property
    def project(self) -> str:
        """The project; raises `OutrigError`."""
        gclouds = self._gcloud.get("core", "project", "GOOGLE_CLOUD_PROJECT")
        found = self._settings.project or gclouds or self._credentials()[1]
        if not found:
            hint = "give --project ID, or gcloud config set project"
            raise ConfigError("provider gcp has no project", hint=hint)
        return found

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions to use, in order: those named, those of named zones, gcloud's."""
        zones = self._settings.zone or (self._gcloud.get("compute", "zone"),)
        regions = self._settings.region or tuple(one.rpartition("-")[0] for one in zones)
        if not any(regions):
            regions = (self._gcloud.get("compute", "region"),)
        if not any(regions):
            hint = "give --region NAME or --zone NAME, or gcloud config set compute/region"
            raise ConfigError("provider gcp has no region", hint=hint)
        return tuple(dict.fromkeys(regions))

    def get(self, path: str, **query: str) -> Any:
        """Ask for something; a `path` without `projects/` is below the project."""
        return self.call("GET", path, query=query)

    def post(self, path: str, body: object = None, *, request_id: str = "") -> Any:
        """Change something; returns the operation."""
        return self.call("POST", path, query={"requestId": request_id}, body=body or {})

    def delete(self, path: str) -> Any:
        """Delete something; returns the operation."""
        return self.call("DELETE", path)

    def pages(self, path: str, *, most: int = MOST_PER_PAGE, **query: str) -> Iterator[Any]:
        """Yield the pages of a listing, each with at most so many."""
        token = ""
        while True:
            more = {"pageToken": token} if token else {}
            page = self.get(path, maxResults=str(most), **query, **more)
            yield page
            token = page.get("nextPageToken", "")
            if not token:
                return

    def listed(self, path: str, **query: str) -> list[Any]:
        """Return what a listing has."""
        return [
            one
            for page in self.pages(path, most=MOST_PER_PAGE, **query)
            for one in page.get("items", ())
        ]

    def wait(self, operation: Any, context: Context | None = None) -> None:
        """Wait for an operation, at the place where it was begun; raises why it failed."""
        path = "projects/" + str(operation["selfLink"]).partition("/projects/")[2]
        deadline = time.monotonic() + self._settings.ready_s
        pause = self._settings.poll_s / 4
        while operation["status"] != "DONE":
            if time.monotonic() > deadline:
                raise RemoteError(f"gcp {self.project}: {operation['name']} does not end in time")
            self._sleep(pause)
            pause = min(pause * 1.5, self._settings.poll_s * 2)
            if context is not None:
                context.check_cancelled()
            operation = self.get(path)
        if failure := failed_operation(operation):
            where = str(operation.get("zone", self.project)).rpartition("/")[2]
            raise told(failure, str(operation.get("operationType", "")), where) from failure

    def call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: object = None,
        base: str = f"{COMPUTE}/compute/v1/",
    ) -> Any:
        """Make a call, again while that may help; raises `OutrigError` with Google's reason.

        A change has an id, so that it is made once, however often it has to be tried.
        """
        query = dict(query or {})
        if base.startswith(COMPUTE) and method != "GET":
            query["requestId"] = query.get("requestId") or str(uuid.uuid4())
        if base.startswith(COMPUTE) and not path.startswith("projects/"):
            path = f"projects/{self.project}/{path}" if path else f"projects/{self.project}"
        where = path.partition("/zones/")[2].partition("/")[0] or self.project
        name = f"{method} {path.partition('/')[2].partition('/')[2] or 'project'}"
        for turn in range(ATTEMPTS):
            try:
                return self._once(method, self._url(base) + path, query, body)
            except Refused as err:
                if turn + 1 == ATTEMPTS or not err.is_busy:
                    raise told(err, name, where) from err
                self._sleep(min(PAUSE_S * 2**turn, LONGEST_PAUSE_S))
        raise AssertionError("the last turn raises")

    def date(self) -> str:
        """Return what Google's clock says."""
        url = f"{self._url(COMPUTE + '/compute/v1/')}projects/{self.project}"
        return str(self._session().get(url, timeout=TIMEOUT_S).headers.get("Date", ""))

    def account(self) -> str:
        """Return who is logged in, as far as the credentials say."""
        credentials, _ = self._credentials()
        kind = type(credentials).__module__.rpartition(".")[2]
        return str(getattr(credentials, "service_account_email", "") or kind)

    def _url(self, base: str) -> str:
        own = self._settings.endpoint
        return own.rstrip("/") + "/" + base.partition("://")[2].partition("/")[2] if own else base

    def _once(self, method: str, url: str, query: dict[str, str] | None, body: object) -> Any:
        from google.auth import exceptions
        from requests import RequestException

        try:
            answer = self._session().request(
                method, url, params=query, json=body, timeout=TIMEOUT_S
            )
            said = answer.json() if answer.content else {}
        except exceptions.GoogleAuthError as err:
            raise _no_credentials(err) from err
        except RequestException as err:
            raise Refused(503, "", str(err) or type(err).__name__) from err
        except ValueError:
            said = {}
        if answer.status_code >= 400:
            raise refused(answer.status_code, said)
        return said

    def _session(self) -> Any:
        """Return this thread's connections; the credentials are everybody's."""
        if not hasattr(self._local, "session"):
            from google.auth.transport.requests import AuthorizedSession

            made: Any = AuthorizedSession
            self._local.session = made(self._credentials()[0])
            self._local.session.headers["User-Agent"] = "outrig"
        return self._local.session

    def _credentials(self) -> tuple[Any, str | None]:
        with self._lock:
            if self._found is None:
                self._found = _default_credentials()
        return self._found


def _default_credentials() -> tuple[Any, str | None]:
    try:
        import google.auth
        import requests  # noqa: F401 - google-auth has it as an extra of its own
        from google.auth.exceptions import GoogleAuthError
    except ImportError as err:
        raise PluginError(
            "provider gcp needs google-auth and requests, which are not installed",
            hint="pip install 'outrig[gcp]'",
        ) from err
    try:
        found: tuple[Any, str | None] = google.auth.default(scopes=[SCOPE])
    except GoogleAuthError as err:
        raise _no_credentials(err) from err
    return found


def _no_credentials(err: Exception) -> OutrigError:
    from google.auth.exceptions import TransportError

    said = " ".join(str(err.args[0] if err.args else err).split())[:300]
    if isinstance(err, TransportError):
        return RemoteError(f"gcp: {said}", hint="check the network and the proxy")
    return AuthError(f"gcp: {said}", hint="log in: gcloud auth application-default login")
