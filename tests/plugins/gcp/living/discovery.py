"""Google's own description of Compute Engine, by which each request and each answer is checked."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Json = dict[str, Any]
_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}


class Refusal(Exception):  # noqa: N818 - the API's answer, not a fault of ours
    """An error that the API answers with."""

    def __init__(self, http: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.http = http
        self.reason = reason


def invalid(message: str) -> Refusal:
    """Return the answer to a request that is wrong."""
    return Refusal(400, "invalid", message)


@dataclass(frozen=True)
class Route:
    """One method of the API: its verb, its path as a pattern, and its description."""

    verb: str
    pattern: re.Pattern[str]
    method: Json

    @property
    def name(self) -> str:
        """The method's name, as `instances.insert`."""
        return str(self.method["id"]).partition(".")[2]


class Discovery:
    """The document, which google-api-python-client carries."""

    def __init__(self) -> None:
        found = find_spec("googleapiclient")
        assert found is not None
        assert found.origin is not None
        path = Path(found.origin).parent / "discovery_cache/documents/compute.v1.json"
        self._document: Json = json.loads(path.read_text())
        self._schemas: Json = self._document["schemas"]
        # Google's pages ask for the last one; some revisions of the document have left it out.
        partial = {"type": "boolean", "location": "query"}
        self._everywhere: Json = {**self._document["parameters"], "returnPartialSuccess": partial}
        routes: list[tuple[int, Route]] = []
        self._collect(self._document, routes)
        routes.sort(key=lambda one: one[0])  # literal segments win over parameters
        self._routes = [route for _, route in routes]

    def _collect(self, resource: Json, routes: list[tuple[int, Route]]) -> None:
        for method in resource.get("methods", {}).values():
            path = method.get("flatPath", method["path"])
            pattern = re.compile(
                "^/compute/v1/" + re.sub(r"\{\+?(\w+)\}", r"(?P<\1>[^/]+)", path) + "$"
            )
            routes.append((path.count("{"), Route(method["httpMethod"], pattern, method)))
        for one in resource.get("resources", {}).values():
            self._collect(one, routes)

    def route(self, verb: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the method that a request means, and the parameters in its path."""
        for one in self._routes:
            found = one.pattern.match(path)
            if found and one.verb == verb:
                return one, found.groupdict()
        raise Refusal(404, "notFound", f"The requested URL {path} was not found on this server.")

    def request(
        self, route: Route, path: dict[str, str], query: dict[str, list[str]], body: bytes
    ) -> tuple[Json, Json]:
        """Return the arguments and the body of a request that is right; raises `Refusal`."""
        errors: list[str] = []
        arguments: Json = {**path, **self._query(route, query, errors)}
        for name, one in route.method.get("parameters", {}).items():
            if one.get("required") and name not in arguments:
                errors.append(f"Required parameter: {name}")
            value = path.get(name, "")
            if "pattern" in one and value and not re.fullmatch(one["pattern"], value):
                errors.append(f"Invalid value for field '{name}': '{value}'")
        found: Json = {}
        if "request" in route.method:
            found = json.loads(body or b"{}")
            self._check(found, route.method["request"], "", errors, route.method["id"])
        elif body.strip() not in (b"", b"{}"):
            errors.append(f"{route.name} takes no request body")
        if errors:
            raise invalid(f"{route.name}: " + "; ".join(errors))
        return arguments, found

    def _query(self, route: Route, query: dict[str, list[str]], errors: list[str]) -> Json:
        found: Json = {}
        for name, values in query.items():
            known = route.method.get("parameters", {}).get(name) or self._everywhere.get(name)
            if known is None or known.get("location", "query") != "query":
                errors.append(f'Unknown name "{name}": Cannot bind query parameter.')
                continue
            flags = {"true": True, "false": False}
            for text in values:
                value = flags.get(text, text) if known["type"] == "boolean" else text
                about = {key: known[key] for key in ("type", "format", "enum") if key in known}
                self._check(value, about, name, errors)
            found[name] = values if known.get("repeated") else values[-1]
        return found

    def answer(self, route: Route, answer: Json) -> None:
        """Assert that an answer is one that Google could give."""
        errors: list[str] = []
        self._check(answer, route.method["response"], "", errors, out=True)
        assert not errors, f"{route.name} would be answered wrongly: {errors}"

    def _check(
        self,
        value: object,
        schema: Json,
        path: str,
        errors: list[str],
        method: str = "",
        *,
        out: bool = False,
    ) -> None:
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"]]
        kind = schema.get("type")
        if kind == "object":
            self._check_object(value, schema, path, errors, method, out)
        elif kind == "array":
            if not isinstance(value, list):
                errors.append(f"Invalid value at '{path}': expected array")
                return
            for number, one in enumerate(value):
                self._check(one, schema["items"], f"{path}[{number}]", errors, method, out=out)
        elif problem := _scalar(value, schema, out=out):
            errors.append(f"Invalid value at '{path or 'resource'}': {problem}, not {value!r}")

    def _check_object(
        self, value: object, schema: Json, path: str, errors: list[str], method: str, out: bool
    ) -> None:
        if not isinstance(value, dict):
            errors.append(f"Invalid value at '{path or 'resource'}': expected object")
            return
        known, more = schema.get("properties", {}), schema.get("additionalProperties")
        for key, one in value.items():
            where = f"{path}.{key}" if path else key
            if key in known:
                self._check(one, known[key], where, errors, method, out=out)
            elif more is not None:
                self._check(one, more, where, errors, method, out=out)
            else:
                errors.append(f"Unknown name \"{key}\" at '{path or 'resource'}'")
        for key, one in known.items():
            needed = one.get("annotations", {}).get("required", [])
            if not out and method in needed and key not in value:
                errors.append(f"Required field '{path}.{key}' not specified")


def _scalar(value: object, schema: Json, *, out: bool) -> str | None:
    """Return what is wrong with a value that is no object and no array."""
    kind, form = schema.get("type"), schema.get("format", "")
    if kind == "boolean":
        return None if isinstance(value, bool) else "expected boolean"
    if kind == "number":
        right = isinstance(value, int | float) and not isinstance(value, bool)
        return None if right else "expected number"
    if kind == "integer" or (kind == "string" and form in _RANGES):
        return _whole(value, form or "int32", text=kind == "string", out=out)
    if kind == "string":
        return _text(value, schema, out=out)
    return None


def _whole(value: object, form: str, *, text: bool, out: bool) -> str | None:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
        return f"expected {form}"
    if text and out and not isinstance(value, str):
        return f"expected {form} as string"
    least, most = _RANGES[form]
    return None if least <= int(str(value)) <= most else "out of range"


def _text(value: object, schema: Json, *, out: bool) -> str | None:
    if not isinstance(value, str):
        return "expected string"
    if schema.get("format") == "byte":
        try:
            base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        except binascii.Error:
            return "not Base64"
    if "enum" in schema and value not in schema["enum"]:
        return f"not one of {schema['enum'][:8]}"
    if "pattern" in schema and value and not out and not re.fullmatch(schema["pattern"], value):
        return f"must be a match of regex '{schema['pattern']}'"
    return None
