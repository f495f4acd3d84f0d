"""The HTTP side: each request is checked, ruled, carried out once per requestId, and logged."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from tests.plugins.aws.living.semantics import Rule, Rules
from tests.plugins.gcp.living.discovery import Discovery, Json, Refusal
from tests.plugins.gcp.living.prices import skus
from tests.plugins.gcp.living.tokens import Tokens

if TYPE_CHECKING:
    from tests.plugins.gcp.living.compute import Compute

CALLER = "203.0.113.7"
HANG_S = 300.0


class Dropped(Exception):  # noqa: N818 - what happens to the connection
    """The connection is to be cut without an answer."""


class Front:
    """What is before Compute Engine's methods."""

    def __init__(self, compute: Compute) -> None:
        self.compute = compute
        self.tokens = Tokens()
        self.rules = Rules()
        self.log: list[Json] = []
        self.refused: set[str] = set()
        self._discovery = Discovery()
        self._requests: dict[tuple[str, str], Json] = {}
        self._released = threading.Event()
        self._hangs = threading.Event()

    def answer(self, verb: str, url: str, header: str, body: bytes) -> tuple[int, Any]:
        """Return status and answer of a request."""
        where = urllib.parse.urlsplit(url)
        query = urllib.parse.parse_qs(where.query, keep_blank_values=True)
        if where.path == "/token":
            return self.tokens.issue(body)
        try:
            if not self.tokens.knows(header):
                raise Refusal(401, "authError", "Request had invalid authentication credentials.")
            if where.path.startswith("/compute/"):
                return 200, self._compute(verb, where.path, query, body)
            return 200, self._other(where.path, query, body)
        except Refusal as err:
            one = {"message": str(err), "domain": "global", "reason": err.reason}
            return err.http, {"error": {"code": err.http, "message": str(err), "errors": [one]}}

    def _compute(self, verb: str, path: str, query: dict[str, list[str]], body: bytes) -> Json:
        route, arguments = self._discovery.route(verb, path)
        given, fields = self._discovery.request(route, arguments, query, body)
        flat = {key: str(value) for key, value in {**fields, **given}.items()}
        self.log.append({"t": time.time(), "action": route.name, "params": given, "body": fields})
        rule = self.rules.pick("compute", route.name, flat)
        self._before(rule)
        with self.compute.records.lock:
            key = (route.name, str(given.get("requestId", "")))
            if key[1] and not re.fullmatch(r"[0-9a-f-]{36}", key[1]):
                raise Refusal(400, "invalid", "Invalid value for field 'requestId'")
            if verb != "GET" and not key[1] and "requestId" in route.method["parameters"]:
                raise Refusal(400, "invalid", "a change without a requestId cannot be repeated")
            found = self._requests.get(key) if key[1] else None
            if found is None:
                found = self.compute.method(route.name)(given, fields)
            if key[1]:
                self._requests[key] = found
            answer: Json = json.loads(json.dumps({k: v for k, v in found.items() if k[0] != "_"}))
        self._discovery.answer(route, answer)
        self._after(rule)
        return answer

    def _before(self, rule: Rule | None) -> None:
        if rule is None or rule.after:
            return
        if rule.hang:
            self._hang()
        if rule.drop or rule.hang:
            raise Dropped
        raise Refusal(rule.http, rule.code or "backendError", rule.message or "as the test wants")

    def _after(self, rule: Rule | None) -> None:
        if rule is None or not rule.after:
            return
        if rule.hang:
            self._hang()
        if rule.drop or rule.hang:
            raise Dropped
        raise Refusal(rule.http, rule.code or "backendError", "after it was carried out")

    def _hang(self) -> None:
        """Answer nothing until the test lets go."""
        released = self._released
        self._hangs.set()
        released.wait(HANG_S)

    def _other(self, path: str, query: dict[str, list[str]], body: bytes) -> Json:
        """Answer for the other services of Google's that are asked."""
        action = path.rpartition("/")[2].rpartition(":")[2]
        self.log.append({"t": time.time(), "action": action, "params": query, "body": {}})
        rule = self.rules.pick("other", action, {})
        self._before(rule)
        if action == "testIamPermissions":
            asked = json.loads(body)["permissions"]
            found = {"permissions": [one for one in asked if one not in self.refused]}
        elif action == "skus":
            found = skus(query)
        else:
            raise Refusal(404, "notFound", f"{path} was not found")
        self._after(rule)
        return found

    def control(self, method: str, what: str, body: bytes) -> Any:
        """Do what a test asks for."""
        word, _, rest = what.partition("/")
        given: Any = json.loads(body) if body and word != "run" else None
        simple = {
            "hanging": lambda: self._hangs.wait(HANG_S / 5),
            "release": self._release,
            "capacity": lambda: self.compute.capacity.update(given),
            "cpus": lambda: setattr(self.compute, "cpus", given),
            "silent": lambda: self.compute.records.silent.update(given),
            "late": lambda: self._late(given),
            "permissions": lambda: self.refused.update(given),
            "credentials": lambda: setattr(self.tokens, "refused", not given),
            "expire": lambda: self.compute.expire(rest),
            "notice": lambda: self.compute.fleet.preempt(rest),
            "interrupt": lambda: self.compute.preempt(rest),
            "run": lambda: self.compute.fleet.run(rest, body.decode()),
            "left": self.compute.left,
            "clear": self._clear,
        }
        if word == "rules" and method == "POST":
            self.rules.rules.append(Rule(**{"service": None, **given}))
        elif word == "rules":
            self.rules.rules.clear()
        elif word == "log":
            found = list(self.log)
            self.log.clear()
            return found
        elif word == "call":
            return self._direct(given)
        else:
            return simple[word]()
        return {}

    def _direct(self, given: Json) -> Json:
        """Call a method past rules and log."""
        with self.compute.records.lock:
            found = self.compute.method(given["method"])(given["params"], given.get("body", {}))
            return {key: value for key, value in found.items() if key[0] != "_"}

    def _late(self, late: bool) -> None:
        there = {one["name"] for one in self.compute.records.everywhere("instances")}
        self.compute.records.late = there if late else None

    def _release(self) -> None:
        self._released.set()
        self._released, self._hangs = threading.Event(), threading.Event()

    def _clear(self) -> None:
        self._release()
        self.rules.rules.clear()
        self.compute.fleet.clear()
        with self.compute.records.lock:
            self.compute.records.clear()
        self.compute.capacity.clear()
        self.compute.cpus = None
        self.tokens.refused = False
        self.refused.clear()
        self.log.clear()


def handler(front: Front) -> type[BaseHTTPRequestHandler]:
    """Return what serves a connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing: tests read the requests from the log."""

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path == "/_living/address":
                self._send(200, f"{CALLER}\n".encode(), "text/plain")
                return
            if self.path.startswith("/_living/"):
                found = front.control(self.command, self.path[9:], body)
                self._send(200, json.dumps(found).encode(), "application/json")
                return
            try:
                header = self.headers.get("Authorization", "")
                status, found = front.answer(self.command, self.path, header, body)
            except Dropped:
                self.close_connection = True
                self.connection.shutdown(2)
                return
            self._send(status, json.dumps(found).encode(), "application/json; charset=UTF-8")

        def _send(self, status: int, data: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - the base wants them so

    return Handler
