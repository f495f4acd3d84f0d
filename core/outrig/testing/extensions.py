"""The contract of extensions: subclass it, give the fixture `extension`, get the suite.

class TestAcmePolicy(ExtensionContract):
    @pytest.fixture
    def extension(self):
        return AcmePolicy(AcmeSettings())
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from outrig.errors import OutrigError, PolicyError
from outrig.hookspecs import EXTENSION_HOOKS
from outrig.model.node import Candidate
from outrig.model.resources import Resources
from outrig.model.session import Event, Plan, Step
from outrig.plugins.host import Host, Registered
from outrig.plugins.kinds import Kind, PluginEntry
from outrig.settings import Settings
from outrig.testing.memory import MemoryContext

if TYPE_CHECKING:
    from collections.abc import Callable

PLAN = Plan(
    session_name="train",
    project_name="demo",
    provider="local",
    candidates=(Candidate(provider="local"),),
    steps=(Step(name="provision", detail="1 node from provider local"),),
    tags={"team": "blue"},
)
PLANS = {
    "usual": PLAN,
    "bare": Plan(session_name="s", project_name="p", provider="acme"),
    "large": replace(PLAN, count=1000, resources=Resources(cpu=64, gpu=8)),
    "zones": replace(
        PLAN,
        provider="aws",
        settings={"region": "eu-1", "hosts": ()},
        candidates=tuple(Candidate(provider="aws", zone=f"eu-1{zone}") for zone in "abc"),
    ),
}
KINDS = ("session.running", "session.terminated", "provision", "an.unknown-kind")


class ExtensionContract:
    """What every extension promises: policies, listeners and wrappers."""

    @pytest.fixture
    def registered(self, extension: object) -> Registered:
        """The extension with a name."""
        entry = PluginEntry(
            kind=Kind.EXTENSION, name="tested", value="", distribution="tested", version="0"
        )
        return Registered(entry, extension)

    @pytest.fixture
    def host(self, registered: Registered) -> Host:
        """What calls the extension."""
        return Host(None, (registered,))

    @pytest.fixture
    def context(self, extension: object) -> MemoryContext:
        """A context with the extension's own settings."""
        settings = getattr(extension, "settings", None)
        return MemoryContext(
            own_settings=settings if isinstance(settings, Settings) else Settings()
        )

    @pytest.fixture
    def review(
        self, host: Host, registered: Registered, context: MemoryContext
    ) -> Callable[[Plan], Plan | None]:
        """Let it look at a plan; `None` when it refuses."""

        def look(plan: Plan) -> Plan | None:
            try:
                answer = host.tell(registered, "review_plan", plan=plan, context=context)
            except PolicyError as err:
                assert str(err)
                assert "\n" not in str(err), "what the user reads is one line"
                return None
            assert answer is None or isinstance(answer, Plan)
            return answer or plan

        return look

    def test_it_fits_the_hooks_and_has_some(self, host: Host, registered: Registered) -> None:
        assert host.hooks_of(registered.plugin)

    def test_it_only_wraps_the_hooks_of_others(self, host: Host, registered: Registered) -> None:
        for hook, wraps in host.hooks_of(registered.plugin):
            assert wraps or hook in EXTENSION_HOOKS

    @pytest.mark.parametrize("name", PLANS)
    def test_a_plan_is_changed_or_refused_but_not_lost(
        self, review: Callable[[Plan], Plan | None], name: str
    ) -> None:
        plan = review(PLANS[name])
        if plan is not None:
            assert plan.session_name == PLANS[name].session_name
            assert plan.project_name == PLANS[name].project_name

    @pytest.mark.parametrize("name", PLANS)
    def test_looking_twice_is_as_looking_once(
        self, review: Callable[[Plan], Plan | None], name: str
    ) -> None:
        once = review(PLANS[name])
        if once is not None:
            assert review(once) == once

    @pytest.mark.parametrize("kind", KINDS)
    def test_any_event_may_be_told(
        self, host: Host, registered: Registered, context: MemoryContext, kind: str
    ) -> None:
        event = Event(
            number=1, time=datetime.now(UTC), session_id="s", kind=kind, message="x", duration_s=1.5
        )
        host.tell(registered, "session_event", event=event, context=context)

    def test_what_it_wraps_goes_through(self, registered: Registered) -> None:
        """An answer comes out of a wrapper, and so does an error."""
        wrapped = [
            name for name, wraps in Host(None, (registered,)).hooks_of(registered.plugin) if wraps
        ]
        if "release" not in wrapped:
            pytest.skip("it wraps no release")
        assert _released(registered) is not None
        with pytest.raises(OutrigError, match="cannot be asked"):
            _released(registered, OutrigError("cannot be asked"))


def _released(registered: Registered, error: OutrigError | None = None) -> object:
    from outrig.testing.cloud import MemoryProvider

    provider = MemoryProvider(Settings())
    if error is not None:
        provider.cloud.fails = lambda _call: error
    entry = PluginEntry(
        kind=Kind.PROVIDER, name="memory", value="", distribution="outrig", version="0"
    )
    from outrig.model.node import Release

    host = Host(Registered(entry, provider), (registered,))
    return host.ask("release", targets=(), how=Release.TERMINATE, context=MemoryContext())
