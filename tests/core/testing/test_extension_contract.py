"""The contract of extensions holds a policy, a listener and a timer to their word."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from outrig.api import hookimpl
from outrig.errors import PluginError, PolicyError
from outrig.plugins.host import Host, Registered
from outrig.plugins.kinds import Kind, PluginEntry
from outrig.testing.extensions import PLAN, ExtensionContract

if TYPE_CHECKING:
    from collections.abc import Generator

    from outrig.model.node import ReleaseReport
    from outrig.model.session import Event, Plan


class Policy:
    @hookimpl
    def review_plan(self, plan: Plan) -> Plan | None:
        if plan.count > 100:
            raise PolicyError("that is too many")
        return replace(plan, tags={**plan.tags, "cost-centre": "42"})


class Listener:
    def __init__(self) -> None:
        self.heard: list[str] = []

    @hookimpl
    def session_event(self, event: Event) -> None:
        self.heard.append(event.kind)


class Timer:
    @hookimpl(wrapper=True)
    def release(self) -> Generator[None, ReleaseReport, ReleaseReport]:
        return (yield)


class Thief:
    @hookimpl
    def provision(self) -> tuple[()]:
        return ()


@pytest.mark.parametrize(
    "extension", [Policy(), Listener(), Timer()], ids=lambda one: one.__class__
)
class TestExtensions(ExtensionContract):
    """The contract, for each."""


def test_what_answers_a_providers_hook_is_refused() -> None:
    entry = PluginEntry(
        kind=Kind.EXTENSION, name="thief", value="", distribution="thief", version="0"
    )
    with pytest.raises(PluginError, match="answers provision, which an extension may only"):
        Host(None, (Registered(entry, Thief()),))


def test_a_policy_that_forgets_is_found_out() -> None:
    class Loses:
        @hookimpl
        def review_plan(self, plan: Plan) -> Plan:
            return replace(plan, session_name="other")

    contract = ExtensionContract()
    with pytest.raises(AssertionError):
        contract.test_a_plan_is_changed_or_refused_but_not_lost(Loses().review_plan, "usual")
    with pytest.raises(AssertionError):
        contract.test_looking_twice_is_as_looking_once(
            lambda plan: replace(plan, count=plan.count + 1), "usual"
        )
    assert PLAN.session_name == "train"
