"""What EC2 does that moto leaves out, and what a test may tell the living EC2 to do."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"


class Answer(NamedTuple):
    """An answer to a request."""

    status: str
    body: bytes
    headers: list[tuple[str, str]]


def xml(text: str, status: str = "200 OK") -> Answer:
    """Return an answer of EC2's."""
    return Answer(status, text.encode(), [("Content-Type", "text/xml;charset=UTF-8")])


def refusal(code: str, message: str, http: int = 400) -> Answer:
    """Return an error of EC2's."""
    return xml(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{code}</Code>'
        f"<Message>{message}</Message></Error></Errors><RequestID>{uuid.uuid4()}</RequestID>"
        "</Response>",
        f"{http} X",
    )


@dataclass(kw_only=True)
class Rule:
    """What goes wrong: with which calls, how often, before they are carried out or after.

    `match` are parameters and what they must match; `skip` calls go well first.
    """

    action: str | None = None
    service: str | None = "ec2"
    code: str | None = None
    message: str = ""
    http: int = 400
    match: Mapping[str, str] = field(default_factory=dict)
    times: int = 1 << 30
    skip: int = 0
    after: bool = False
    drop: bool = False
    hang: bool = False

    def fits(self, service: str, action: str, query: Mapping[str, str]) -> bool:
        """Tell whether a call is meant."""
        return (
            self.times > 0
            and self.service in (None, service)
            and self.action in (None, action)
            and all(re.fullmatch(want, query.get(key, "")) for key, want in self.match.items())
        )


class Rules:
    """All rules, and the limits of the account."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.capacity: dict[str, int] = {}
        self._lock = threading.Lock()

    def pick(self, service: str, action: str, query: Mapping[str, str]) -> Rule | None:
        """Return the rule that counts for a call, and count it."""
        with self._lock:
            for rule in self.rules:
                if not rule.fits(service, action, query):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                rule.times -= 1
                return rule
        return None


def tags_in(query: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that a call gives to what it makes."""
    mark = "TagSpecification.1.Tag."
    numbers = {key.split(".")[3] for key in query if key.startswith(mark)}
    return {query[f"{mark}{one}.Key"]: query.get(f"{mark}{one}.Value", "") for one in numbers}


def has_tags(query: Mapping[str, str], tags: Mapping[str, str]) -> bool:
    """Tell whether what has these tags fits the filters by tags of a listing."""
    for number in range(1, 10):
        name = query.get(f"Filter.{number}.Name", "")
        if name.startswith("tag:") and tags.get(name[4:]) != query.get(f"Filter.{number}.Value.1"):
            return False
        if name == "tag-key" and query.get(f"Filter.{number}.Value.1") not in tags:
            return False
    return True


def group_items(groups: Mapping[str, Mapping[str, str]]) -> str:
    """Return placement groups, by name with their tags, as EC2 lists them."""
    return "".join(
        f"<item><groupName>{name}</groupName><strategy>cluster</strategy><state>available</state>"
        f"<groupId>pg-{abs(hash(name)):017x}</groupId><tagSet>{_tag_items(tags)}</tagSet></item>"
        for name, tags in groups.items()
    )


def _tag_items(tags: Mapping[str, str]) -> str:
    return "".join(
        f"<item><key>{key}</key><value>{value}</value></item>" for key, value in tags.items()
    )


PRICING = (
    '{{"product":{{"attributes":{{"instanceType":"{type}","regionCode":"{region}"}}}},"terms":'
    '{{"OnDemand":{{"X":{{"priceDimensions":{{"Y":{{"unit":"Hrs","pricePerUnit":'
    '{{"USD":"{usd}"}}}}}}}}}}}}}}'
)
