"""What a project has, by scope and kind, and the operations that change it."""

from __future__ import annotations

import base64
import json
import random
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

from tests.plugins.gcp.living.discovery import Json, Refusal
from tests.plugins.gcp.living.filters import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BASE = "https://www.googleapis.com/compute/v1/"
REGIONS = ("us-central1", "europe-west4")
ZONES = tuple(f"{region}-{letter}" for region in REGIONS for letter in "abc")


def number() -> str:
    """Return an id as Google has them."""
    return str(random.randint(10**18, 9 * 10**18))


def now() -> str:
    """Return the time as Google writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00", time.gmtime())


class Records:
    """Named things, each with a `selfLink`; keys that begin with `_` are never shown."""

    def __init__(self, period_s: float) -> None:
        self.period_s = period_s
        self.lock = threading.RLock()
        self.silent: set[str] = set()
        self.late: set[str] | None = None
        self._kept: dict[tuple[str, str, str], dict[str, Json]] = {}
        self.operations: dict[str, Json] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self.operations.clear()
        self.silent.clear()
        self.late = None

    def scope(self, a: Json) -> str:
        """Return the scope that arguments name: a zone, a region, or `global`."""
        return str(a.get("zone") or a.get("region") or "global")

    def of(self, a: Json, kind: str) -> dict[str, Json]:
        """Return the things of a kind in the scope that arguments name."""
        return self._kept.setdefault((a["project"], self.scope(a), kind), {})

    def everywhere(self, kind: str) -> list[Json]:
        """Return the things of a kind in all projects and scopes."""
        found = [kept for (_, _, one), kept in list(self._kept.items()) if one == kind]
        return [one for kept in found for one in list(kept.values())]

    def path(self, a: Json, kind: str, name: str) -> str:
        """Return the path of a thing."""
        place = "global"
        for key in ("zone", "region"):
            if key in a:
                place = f"{key}s/{a[key]}"
        return f"projects/{a['project']}/{place}/{kind}/{name}"

    def find(self, a: Json, kind: str, name: str) -> Json:
        """Return a thing; raises `Refusal`."""
        found = self.of(a, kind).get(name)
        if found is None:
            path = self.path(a, kind, name)
            raise Refusal(404, "notFound", f"The resource '{path}' was not found")
        return found

    def make(self, a: Json, kind: str, one: str, body: Json) -> Json:
        """Keep a new thing and return it; raises `Refusal` where its name is taken."""
        kept = self.of(a, kind)
        path = self.path(a, kind, body["name"])
        if body["name"] in kept:
            raise Refusal(409, "alreadyExists", f"The resource '{path}' already exists")
        known = {"kind": f"compute#{one}", "id": number(), "creationTimestamp": now()}
        kept[body["name"]] = {**known, "selfLink": BASE + path, **body}
        return kept[body["name"]]

    def operation(
        self,
        a: Json,
        kind: str,
        target: str,
        done: Callable[[], list[tuple[str, str]] | None] = lambda: None,
    ) -> Json:
        """Begin an operation; `done` carries it out a moment later, and may return errors."""
        name = f"operation-{int(time.time() * 1000)}-{uuid.uuid4().hex}"
        places: Json = {
            key: f"{BASE}projects/{a['project']}/{key}s/{a[key]}"
            for key in ("zone", "region")
            if key in a
        }
        made: Json = {
            "kind": "compute#operation",
            "id": number(),
            "name": name,
            "operationType": kind,
            "targetLink": BASE + target,
            "status": "RUNNING",
            "progress": 0,
            "insertTime": now(),
            "selfLink": BASE + self.path(a, "operations", name),
            **places,
        }
        self.operations[name] = made

        def finish() -> None:
            with self.lock:
                errors = done() or []
                if errors:
                    listed = [{"code": code, "message": text} for code, text in errors]
                    made.update(error={"errors": listed}, httpErrorStatusCode=503)
                made.update(status="DONE", progress=100, endTime=now())

        timer = threading.Timer(self.period_s, finish)
        timer.daemon = True
        timer.start()
        return made

    def listing(self, a: Json, items: Iterable[Json], one: str) -> Json:
        """Return a page of a listing."""
        wanted = a.get("filter")
        found = [item for item in items if not wanted or matches(item, wanted)]
        found.sort(key=lambda item: str(item["name"]))
        most = int(a.get("maxResults", 500))
        first = int(base64.b64decode(a["pageToken"])) if a.get("pageToken") else 0
        page: Json = {"kind": f"compute#{one}List", "id": f"projects/{a['project']}"}
        if found[first : first + most]:
            page["items"] = [shown(item) for item in found[first : first + most]]
        if first + most < len(found):
            page["nextPageToken"] = base64.b64encode(str(first + most).encode()).decode()
        return page

    def aggregated(self, a: Json, one: str, kind: str) -> Json:
        """Return a page of a listing of all scopes; one that is silent says so."""
        wanted = str(a.get("filter", ""))
        found = [
            (where, item)
            for (project, where, own), kept in sorted(self._kept.items())
            if project == a["project"] and own == kind and where not in self.silent
            for item in kept.values()
            if (not wanted or matches(item, wanted)) and not self._is_late(item, wanted)
        ]
        most = int(a.get("maxResults", 500))
        first = int(base64.b64decode(a["pageToken"])) if a.get("pageToken") else 0
        items: Json = {}
        for where, item in found[first : first + most]:
            part = items.setdefault(f"{'zones' if where in ZONES else 'regions'}/{where}", {})
            part.setdefault(kind, []).append(shown(item))
        warning = {"code": "UNREACHABLE", "message": "did not answer"}
        items |= {f"zones/{where}": {"warning": warning} for where in sorted(self.silent)}
        page: Json = {"kind": f"compute#{one}AggregatedList", "id": a["project"], "items": items}
        if self.silent and a.get("returnPartialSuccess") != "true":
            raise Refusal(503, "backendError", "not all zones answered")
        if self.silent:
            page["unreachables"] = [f"zones/{where}" for where in sorted(self.silent)]
        if first + most < len(found):
            page["nextPageToken"] = base64.b64encode(str(first + most).encode()).decode()
        return page

    def _is_late(self, item: Json, wanted: str) -> bool:
        """Tell whether something new is not found by its labels yet."""
        return self.late is not None and item["name"] not in self.late and "labels" in wanted


def shown(item: Json) -> Json:
    """Return a thing without what is only ours."""
    found: Any = json.loads(json.dumps({k: v for k, v in item.items() if k[0] != "_"}))
    return dict(found)
