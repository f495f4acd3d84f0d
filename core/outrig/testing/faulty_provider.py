"""The part of a provider's contract that is about what goes wrong.

Most of it needs nothing more than the provider. What only its cloud can do wrong is injected by a
`ProviderFaults` that the fixture `faults` gives; what it does not override is skipped.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from outrig.errors import AuthError, CapacityError, Interrupted
from outrig.ids import new_id
from outrig.model.node import NodeQuery, ProvisionRequest, Release, ResourceRef
from outrig.testing.faults import Crash
from outrig.testing.memory import MemoryContext, MemoryIntent, MemoryJournal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrig.interfaces import Provider
    from outrig.model.node import Node

MOST_RESOURCES = 100


class ProviderFaults:
    """Makes the outside of a provider go wrong. Override what you can."""

    listings_log_in = True
    """Whether `list_nodes` needs the credentials; false where nodes are known from settings."""

    def no_capacity(self) -> None:
        """Refuse every further node for lack of capacity or quota."""
        pytest.skip("the fixture faults cannot take capacity away")

    def throttle(self, calls: int) -> None:
        """Refuse the next few calls for being too many."""
        pytest.skip("the fixture faults cannot throttle")

    def refuse_credentials(self) -> None:
        """Refuse the credentials."""
        pytest.skip("the fixture faults cannot refuse credentials")

    def accept_credentials(self) -> None:
        """Accept the credentials again."""

    def list_late(self) -> None:
        """Leave what is made from now on out of listings until `settle`."""
        pytest.skip("the fixture faults cannot delay listings")

    def settle(self) -> None:
        """List all that is there."""


class CrashingJournal(MemoryJournal):
    """Dies when the `number`-th resource (from 0) was made and is to be recorded."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def intend(self, kind: str, *, scope: str, token: str, tags: Mapping[str, str]) -> MemoryIntent:
        """Write an intention down."""
        number = len(self.intents)
        super().intend(kind, scope=scope, token=token, tags=tags)
        if number == self.number:
            self.intents[-1] = CrashingIntent(self.intents[-1].kind)
        return self.intents[-1]


class CrashingIntent(MemoryIntent):
    """Is killed between making and recording."""

    def created(self, *ids: str) -> None:
        """Die."""
        raise Crash(f"{ids} were made and not recorded")


class Outside:
    """A provider as a session uses it, and what it holds on its account."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.context = MemoryContext(own_settings=provider.settings)
        self.request = ProvisionRequest(
            session_id=new_id(), session_name="faults", token=new_id(), tags={"contract": "yes"}
        )
        self.before = self.held

    @property
    def held(self) -> frozenset[str]:
        """The ids of the nodes that are listed for the session."""
        query = NodeQuery(session_id=self.request.session_id)
        listed = self.provider.list_nodes(query, MemoryContext(own_settings=self.provider.settings))
        return frozenset(node.id for node in listed.nodes)

    def provision(self, context: MemoryContext | None = None) -> tuple[Node, ...]:
        """Ask for the session's node."""
        return self.provider.provision(self.request, context or self.context)

    def release(self, ids: frozenset[str]) -> None:
        """Give nodes back."""
        targets = tuple(ResourceRef(kind="node", id=one) for one in sorted(ids))
        report = self.provider.release(targets, Release.TERMINATE, self.context)
        assert report.failed == ()


class ProviderFaultContract:
    """Crashes, retries, refusals, late listings, releases that are repeated."""

    @pytest.fixture
    def faults(self) -> ProviderFaults:
        """What can be made to go wrong; give your own."""
        return ProviderFaults()

    @pytest.fixture
    def outside(self, provider: Provider) -> Iterator[Outside]:
        """The provider; whatever is left at the end is released."""
        found = Outside(provider)
        yield found
        found.release(found.held)

    def test_asking_again_with_the_same_token_makes_no_more(self, outside: Outside) -> None:
        """The answer of the first call was lost."""
        first = outside.provision()
        again = outside.provision()
        assert {node.id for node in again} == {node.id for node in first}
        assert outside.held - outside.before <= {node.id for node in first}

    def test_kept_nodes_come_back(self, outside: Outside) -> None:
        """A session is suspended and started again."""
        nodes = outside.provision()
        targets = tuple(ResourceRef(kind="node", id=node.id) for node in nodes)
        outside.provider.release(targets, Release.KEEP, outside.context)
        request = ProvisionRequest(
            session_id=outside.request.session_id,
            session_name="faults",
            token=new_id(),
            resume=nodes,
        )
        back = outside.provider.provision(request, outside.context)
        assert [node.id for node in back] == [node.id for node in nodes]

    def test_what_is_made_is_in_the_journal_before(self, outside: Outside) -> None:
        """Every intention has an end: what was made, or that nothing was."""
        outside.provision()
        assert [one.kind for one in outside.context.journal.intents if one.ids is None] == []

    def test_a_crash_between_making_and_recording_loses_nothing(self, outside: Outside) -> None:
        """What was made is found by its session, taken up by a retry, and can be released."""
        for number in range(MOST_RESOURCES):
            journal = CrashingJournal(number)
            context = MemoryContext(own_settings=outside.provider.settings, own_journal=journal)
            try:
                outside.provision(context)
            except Crash:
                made = outside.held - outside.before
                taken_up = {node.id for node in outside.provision()}
                assert made <= taken_up
                assert outside.held - outside.before <= taken_up
                outside.release(outside.held)
                assert outside.held == outside.before
            else:
                return
        raise AssertionError(f"one node takes more than {MOST_RESOURCES} resources")

    def test_a_start_that_is_given_up_leaves_nothing_unknown(self, outside: Outside) -> None:
        """Ctrl-C before anything is made."""
        context = MemoryContext(own_settings=outside.provider.settings, cancelled=Interrupted())
        with pytest.raises(Interrupted):
            outside.provision(context)
        assert outside.held == outside.before

    def test_two_releases_at_once_both_succeed(self, outside: Outside) -> None:
        """`session stop` from two terminals."""
        ids = frozenset(node.id for node in outside.provision())
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(outside.release, [ids, ids]))
        outside.release(ids)
        assert outside.held == outside.before

    def test_without_capacity_nothing_is_left(
        self, outside: Outside, faults: ProviderFaults
    ) -> None:
        """The engine then tries the next candidate."""
        faults.no_capacity()
        with pytest.raises(CapacityError) as caught:
            outside.provision()
        assert "\n" not in str(caught.value)
        assert outside.held == outside.before

    def test_throttled_calls_are_tried_again(
        self, outside: Outside, faults: ProviderFaults
    ) -> None:
        """Nobody needs to know."""
        faults.throttle(2)
        ids = {node.id for node in outside.provision()}
        faults.throttle(2)
        assert ids <= outside.held
        faults.throttle(2)
        outside.release(frozenset(ids))
        assert outside.held == outside.before

    def test_wrong_credentials_are_said(self, outside: Outside, faults: ProviderFaults) -> None:
        """They stop a start; they are no lack of capacity."""
        faults.refuse_credentials()
        with pytest.raises(AuthError) as caught:
            outside.provision()
        assert caught.value.hint, "what to do"
        if faults.listings_log_in:
            with pytest.raises(AuthError):
                outside.provider.list_nodes(NodeQuery(), outside.context)
        faults.accept_credentials()
        assert outside.held <= outside.before

    def test_what_is_not_listed_yet_is_not_made_twice_and_can_be_released(
        self, outside: Outside, faults: ProviderFaults
    ) -> None:
        """Listings of a cloud are behind what was made."""
        faults.list_late()
        ids = frozenset(node.id for node in outside.provision())
        assert {node.id for node in outside.provision()} == ids
        outside.release(ids)
        faults.settle()
        assert outside.held == outside.before
