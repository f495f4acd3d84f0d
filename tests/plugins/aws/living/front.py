"""Moto's server behind what moto lacks: tokens, states, limits, faults, a log, prices."""

from __future__ import annotations

import io
import json
import re
import threading
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

from tests.plugins.aws.living.semantics import (
    NAMESPACE,
    PRICING,
    Answer,
    Rule,
    Rules,
    group_items,
    has_tags,
    refusal,
    tags_in,
    xml,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.plugins.aws.living.account import Account

    Environ = dict[str, Any]
    StartResponse = Callable[[str, list[tuple[str, str]]], object]

CALLER = "203.0.113.7"
HANG_S = 300.0
PRICES = {"t3.micro": "0.0104", "m6i.large": "0.0960", "g5.xlarge": "1.0060"}


class Front:
    """A WSGI application around moto's."""

    def __init__(self, application: Callable[..., Iterable[bytes]], account: Account) -> None:
        self._application = application
        self._account = account
        self.rules = Rules()
        self.log: list[dict[str, object]] = []
        self._tokens: dict[str, tuple[dict[str, str], Answer, list[str]]] = {}
        self._groups: dict[str, dict[str, str]] = {}
        self._lock = threading.RLock()
        self.released = threading.Event()
        self.hangs = threading.Event()
        self.late = False
        self.caller = CALLER

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        answer = self._answer(environ)
        if answer is None:
            connection = environ.get("werkzeug.socket")
            if connection is not None:
                connection.shutdown(2)
            raise ConnectionAbortedError("dropped, as the test wants it")
        left_out = ("content-length", "connection", "transfer-encoding")
        headers = [one for one in answer.headers if one[0].lower() not in left_out]
        start(answer.status, [*headers, ("Content-Length", str(len(answer.body)))])
        return [answer.body]

    def _answer(self, environ: Environ) -> Answer | None:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        path = environ["PATH_INFO"]
        if path.startswith("/_living/"):
            return self._control(environ["REQUEST_METHOD"], path[9:], body)
        environ["wsgi.input"] = io.BytesIO(body)
        form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
        text = body.decode("utf-8", "replace")
        query = dict(urllib.parse.parse_qsl(text, keep_blank_values=True)) if form else {}
        action = query.get("Action") or environ.get("HTTP_X_AMZ_TARGET", "-").rpartition(".")[2]
        scope = environ.get("HTTP_AUTHORIZATION", "")
        found = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/", scope)
        region, service = found.groups() if found else ("us-east-1", "-")
        entry = {"t": time.time(), "service": service, "region": region, "action": action}
        self.log.append({**entry, "params": query or text})
        rule = self.rules.pick(service, action, query)
        return self._ruled(rule, environ, service, region, action, query, text)

    def _ruled(
        self,
        rule: Rule | None,
        environ: Environ,
        service: str,
        region: str,
        action: str,
        query: dict[str, str],
        text: str,
    ) -> Answer | None:
        if rule is not None and rule.hang and not rule.after:
            self._hang()
            return None
        if rule is not None and not rule.after:
            return None if rule.drop else _refused(rule)
        with self._lock:
            answer = None
            if service == "ec2":
                answer = self._ec2(action, query, environ, region)
            elif service in ("ssm", "pricing"):
                answer = self._other(service, region, text)
            answer = answer or self._call(environ)
        if rule is None:
            return answer
        if rule.hang:
            self._hang()
            return None
        return None if rule.drop else _refused(rule)

    def _hang(self) -> None:
        """Answer nothing until the test lets go."""
        released = self.released
        self.hangs.set()
        released.wait(HANG_S)

    def _call(self, environ: Environ) -> Answer:
        found: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
            found.update(status=status, headers=headers)

        body = b"".join(self._application(environ, start))
        return Answer(found["status"], body, found["headers"])

    def _control(self, method: str, what: str, body: bytes) -> Answer:
        answer: object = {}
        word, _, rest = what.partition("/")
        if word == "rules" and method == "POST":
            self.rules.rules.append(Rule(**json.loads(body)))
        elif word == "rules":
            self.rules.rules.clear()
        elif word == "capacity":
            self.rules.capacity = json.loads(body)
        elif word == "log":
            answer = list(self.log)
            if method == "DELETE":
                self.log.clear()
        elif word == "hanging":
            answer = self.hangs.wait(HANG_S / 5)
        elif word == "release":
            self._release()
        elif word == "late":
            self.late = json.loads(body)
        elif word == "interrupt":
            self._account.interrupt(rest, json.loads(body))
        elif word == "run":
            answer = self._account.machines[rest].run(body.decode())
        elif word == "clear":
            self._clear()
        elif word == "allowed":
            answer = self._is_let_in()
        elif word == "address" and method == "POST":
            self.caller = body.decode()
        elif word == "address":
            return Answer("200 OK", f"{self.caller}\n".encode(), [("Content-Type", "text/plain")])
        return Answer("200 OK", json.dumps(answer).encode(), [("Content-Type", "application/json")])

    def _is_let_in(self) -> bool:
        """Tell whether a security group lets the caller in."""
        groups = self._account.backend("us-east-1").describe_security_groups()
        ranges = [rule.ip_range or {} for group in groups for rule in group.ingress_rules]
        return f"{self.caller}/32" in [one.get("CidrIp") for one in ranges]

    def _release(self) -> None:
        self.late = False
        self.rules.rules.clear()
        self.hangs.clear()
        self.released.set()
        self.released = threading.Event()

    def _clear(self) -> None:
        self._release()
        with self._lock:
            self._account.clear()
            self.caller = CALLER
            self.rules = Rules()
            self.log.clear()
            self._tokens.clear()
            self._groups.clear()

    def _other(self, service: str, region: str, text: str) -> Answer | None:
        asked = json.loads(text or "{}")
        name = str(asked.get("Name", ""))
        kind = [("Content-Type", "application/x-amz-json-1.1")]
        if service == "ssm" and name.startswith(("/aws/service/canonical", "/aws/service/deep")):
            found = {"Parameter": {"Name": name, "Value": self._image(region), "Type": "String"}}
            return Answer("200 OK", json.dumps(found).encode(), kind)
        if service != "pricing":
            return None
        wanted = {one["Field"]: one["Value"] for one in asked.get("Filters", [])}
        usd = PRICES.get(wanted.get("instanceType", ""))
        where = wanted.get("regionCode", region)
        lines = [PRICING.format(type=wanted["instanceType"], region=where, usd=usd)] if usd else []
        return Answer("200 OK", json.dumps({"PriceList": lines}).encode(), kind)

    def _image(self, region: str) -> str:
        """Return an Ubuntu image, which is registered on first use."""
        backend = self._account.backend(region)
        for one in backend.amis.values():
            if one.name == "living-ubuntu":
                return str(one.id)
        source = next(iter(backend.amis.values()))
        source.name = "living-ubuntu"
        source.architecture = "x86_64"
        return str(source.id)

    # What EC2 does and moto does not.

    def _ec2(
        self, action: str, query: dict[str, str], environ: Environ, region: str
    ) -> Answer | None:
        dry = query.get("DryRun") == "true"
        by_tag = any(query.get(f"Filter.{number}.Name", "").startswith("tag") for number in (1, 2))
        if self.late and action == "DescribeInstances" and by_tag:
            return xml(
                f'<{action}Response xmlns="{NAMESPACE}"><reservationSet/></{action}Response>'
            )
        for key, value in query.items():
            if value == "client-token" and action == "DescribeInstances":
                return self._of_token(query, environ, key.removesuffix(".Name"))
        behaviour = query.get("InstanceInitiatedShutdownBehavior.Value")
        if action == "ModifyInstanceAttribute" and behaviour is not None:
            for one in self._account.instances([query["InstanceId"]]):
                one.instance_initiated_shutdown_behavior = behaviour  # moto keeps it elsewhere
            return xml(
                f'<{action}Response xmlns="{NAMESPACE}"><return>true</return></{action}Response>'
            )
        if action == "RunInstances" and not dry:
            return self._run(query, environ, region)
        if "PlacementGroup" in action:
            return self._placement(action, query)
        if action == "DeleteSecurityGroup" and self._in_use(query.get("GroupId", "")):
            return refusal("DependencyViolation", "resource has a dependent object")
        if action in ("StartInstances", "StopInstances", "TerminateInstances") and not dry:
            return self._change(action, query, environ)
        return None

    def _in_use(self, group: str) -> bool:
        living = [one for one in self._account.instances() if one.state != "terminated"]
        return any(held.id == group for one in living for held in _groups_of(one))

    def _change(self, action: str, query: dict[str, str], environ: Environ) -> Answer:
        ids = [value for key, value in query.items() if key.startswith("InstanceId.")]
        instances = self._account.instances(ids)
        before = {one.id: one._state.code for one in instances}
        allowed = ("stopped", "running", "pending")
        bad = [one for one in instances if one.state not in allowed]
        if action == "StartInstances" and bad:
            return refusal("IncorrectInstanceState", f"The instance '{bad[0].id}' is not stopped.")
        ended = [one for one in instances if one.state == "terminated"]
        if action == "TerminateInstances" and ids and len(ended) == len(ids):
            return xml(f'<TerminateInstancesResponse xmlns="{NAMESPACE}"/>')
        answer = self._call(environ)
        if not answer.status.startswith("200"):
            return answer
        for one in instances:
            self._account.state(one, before[one.id])
            if action == "StartInstances" and before[one.id] == 80:
                self._account.start(one)
            elif action == "StopInstances":
                self._account.stop(one)
            elif action == "TerminateInstances":
                self._account.terminate(one)
        return answer

    def _run(self, query: dict[str, str], environ: Environ, region: str) -> Answer:
        query = dict(query)
        token = query.pop("ClientToken", "")
        if token in self._tokens:
            return self._again(token, query)
        kind, least = query.get("InstanceType", "m1.small"), int(query["MinCount"])
        free = self._free(kind)
        if free is not None and free < least:
            zone = query.get("Placement.AvailabilityZone", region)
            text = f"We currently do not have sufficient {kind} capacity in {zone}."
            return refusal("InsufficientInstanceCapacity", text, 500)
        count = int(query["MaxCount"]) if free is None else min(int(query["MaxCount"]), free)
        asked = {**query, "MinCount": str(count), "MaxCount": str(count)}
        encoded = urllib.parse.urlencode(asked).encode()
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(encoded), str(len(encoded))
        answer = self._call(environ)
        if answer.status.startswith("200"):
            found = re.findall(rb"<instanceId>(i-[0-9a-f]+)</instanceId>", answer.body)
            ids = [one.decode() for one in dict.fromkeys(found)]
            self._tokens[token or f"none-{ids[0]}"] = (query, answer, ids)
            for one in self._account.instances(ids):
                self._account.start(one)
        return answer

    def _again(self, token: str, query: dict[str, str]) -> Answer:
        before, answer, ids = self._tokens[token]
        if before != query:
            return refusal("IdempotentParameterMismatch", "The request uses a used token.")
        if all(one.state == "terminated" for one in self._account.instances(ids)):
            return refusal("IdempotentInstanceTerminated", "The token's instance is terminated.")
        return answer

    def _of_token(self, query: dict[str, str], environ: Environ, name: str) -> Answer:
        """List the instances of a client token, a filter that moto does not have."""
        token = query[f"{name}.Value.1"]
        ids = self._tokens[token][2] if token in self._tokens else ["i-00000000000000000"]
        asked = {key: one for key, one in query.items() if not key.startswith(f"{name}.")}
        asked[f"{name}.Name"] = "instance-id"
        asked |= {f"{name}.Value.{number}": one for number, one in enumerate(ids, 1)}
        encoded = urllib.parse.urlencode(asked).encode()
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(encoded), str(len(encoded))
        return self._call(environ)

    def _free(self, kind: str) -> int | None:
        limit = self.rules.capacity.get(kind)
        if limit is None:
            return None
        held = [one for one in self._account.instances() if one.instance_type == kind]
        return limit - sum(one.state in ("pending", "running") for one in held)

    def _placement(self, action: str, query: dict[str, str]) -> Answer:
        name = query.get("GroupName", "")
        shown = self._groups
        if action == "CreatePlacementGroup":
            self._groups[name] = tags_in(query)
        elif action == "DescribePlacementGroups":
            shown = {key: tags for key, tags in shown.items() if has_tags(query, tags)}
        elif action == "DeletePlacementGroup":
            if name not in self._groups:
                return refusal("InvalidPlacementGroup.Unknown", f"'{name}' is unknown.")
            del self._groups[name]
        inside = f"<placementGroupSet>{group_items(shown)}</placementGroupSet>"
        return xml(f'<{action}Response xmlns="{NAMESPACE}">{inside}</{action}Response>')


def _refused(rule: Rule) -> Answer:
    return refusal(rule.code or "InternalError", rule.message or rule.code or "", rule.http)


def _groups_of(instance: Any) -> list[Any]:
    held = [group for nic in instance.nics.values() for group in nic.group_set]
    return [*instance.security_groups, *held]
