"""Asking for machines: one request per place, then what several places have together."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from outrig.cloud.account import Account
from outrig.cloud.ending import bounded
from outrig.cloud.settings import CloudSettings
from outrig.errors import CapacityError, Interrupted, OutrigError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrig.cloud.places import Place
    from outrig.interfaces import Context
    from outrig.model.node import Lifetime, ProvisionRequest

S = TypeVar("S", bound=CloudSettings)
A = TypeVar("A", bound=Account)

MACHINE = "instance"
"""The journal's kind of machines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A machine that was asked for, and what is known of it."""

    id: str
    scope: str
    zone: str
    price: float | None = None
    host_key: str = ""
    user: str = ""


class Launch(ABC, Generic[S, A]):
    """The making of one session's machines. `tried` are the reasons why places were passed by.

    `places` yields those to try, in order, before their zones are known; `price` is what machines
    cost there in US dollars per hour, `None` where it is not known.
    """

    hint: str
    """What to do when no place has what is wanted."""

    def __init__(
        self,
        account: A,
        settings: S,
        request: ProvisionRequest,
        context: Context,
        *,
        places: Callable[[], Iterator[Place]],
        price: Callable[[Place], float | None],
    ) -> None:
        self.account = account
        self.settings = settings
        self.request = request
        self.context = context
        self.places = places
        self.price = price
        self.tried: list[str] = []
        self.last: OutrigError | None = None

    @abstractmethod
    def in_zones(self, place: Place) -> Iterator[Place]:
        """Yield a place's zones."""

    @abstractmethod
    def ready(self, place: Place) -> None:
        """Look up and make what a request there needs; raises `OutrigError`."""

    @abstractmethod
    def ask(self, place: Place, least: int, most: int, token: str) -> list[Launched]:
        """Ask once for machines, at least and at most so many; repeated with one token, the same.

        Raises `CapacityError` when nothing was made for lack of it, `RemoteError` when it is not
        known what was made, another `OutrigError` when nothing was made and nothing will be.
        """

    def join(self, scope: str) -> None:
        """Make machines that were kept reachable from where we are now."""

    def make(self, count: int, batch: str) -> list[Launched]:
        """Return `count` machines, of one place if one has so many.

        `batch` tells this request from others of the same attempt. Raises `CapacityError` with the
        reason of every place, or the error that makes trying on pointless.
        """
        for place in self._affordable():
            made = self._try(place, count, count, batch)
            if made:
                return made
        gathered: list[Launched] = []
        for place in self._affordable() if count > 1 else ():
            gathered += self._try(place, 1, count - len(gathered), f"{batch}-part")
            if len(gathered) == count:
                return gathered
        raise self._exhausted(count)

    def lifetime(self, price: float | None) -> Lifetime:
        """Return the session's limits, with the age at which its budget is used up."""
        request, budget = self.request, self.settings.budget
        return bounded(self.account.name, request.lifetime, budget, price, request.count)

    def _exhausted(self, count: int) -> OutrigError:
        if len(self.tried) == 1 and self.last is not None:
            return self.last
        nodes = f"{count} node{'s' if count != 1 else ''}"
        reasons = "; ".join(dict.fromkeys(self.tried)) or "nothing may be tried"
        return CapacityError(
            f"{self.account.name} has no {nodes} in {len(self.tried)} tries: {reasons}",
            hint=self.hint,
        )

    def _affordable(self) -> Iterator[Place]:
        """Yield the places in order, without those that cost more than may be paid."""
        limit = self.settings.max_price
        for place in self._allowed():
            price = self.price(place) if limit is not None and not place.spot else None
            if limit is not None and price is not None and price > limit:
                self._pass_by(f"{place.label}: {price:g} USD per hour is over the limit")
                continue
            yield place

    def _allowed(self) -> Iterator[Place]:
        """Yield the places that the plan has left, zone by zone."""
        allowed = {one for one in self.request.candidates if one.instance_type is not None}
        for place in self.places():
            if not allowed or place.candidate in allowed:
                yield from self.in_zones(place)

    def _pass_by(self, reason: str) -> None:
        self.tried.append(reason)
        self.context.progress(0, self.request.count, f"nodes; {reason}")

    def _try(self, place: Place, least: int, most: int, batch: str) -> list[Launched]:
        """Return the machines of one request, none where there is no capacity."""
        self.context.check_cancelled()
        self.ready(place)
        token = token_of(self.request.token, batch, str(least), str(most), place.label)
        tags = dict(self.request.tags)
        intent = self.context.journal.intend(MACHINE, scope=place.scope, token=token, tags=tags)
        try:
            made = self.ask(place, least, most, token)
        except CapacityError as err:
            intent.nothing_made()
            self._failed(place, err)
            return []
        except RemoteError as err:
            self._failed(place, err)  # something may have been made: its tags will tell
            return []
        except Interrupted:
            raise  # as above
        except OutrigError:
            intent.nothing_made()
            raise
        intent.created(*(one.id for one in made))
        return made

    def _failed(self, place: Place, err: OutrigError) -> None:
        self.last = err
        self._pass_by(f"{place.label}: {str(err).partition(': ')[2].partition(': ')[2] or err}")


def token_of(*parts: str) -> str:
    """Return a token of 64 characters, always the same one for these parts."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
