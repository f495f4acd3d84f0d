"""The fields of a key pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.directory.keypairs import Keypair
from outrig_backendai.directory.members import User
from outrig_backendai.directory.policies import Policy
from outrig_backendai.directory.sessions import SessionFilter
from outrig_backendai.listing.field import Field

if TYPE_CHECKING:
    from outrig_backendai.compute.sessions import Compute

_HIDDEN = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKeypair:
    """A key pair with its user, its limits, and how many sessions it has that are not over."""

    keypair: Keypair
    user: User
    policy: Policy
    sessions: int


def masked(secret: str) -> str:
    """Return a secret with all but its ends hidden."""
    return f"{secret[:6]}{'*' * _HIDDEN}{secret[-10:]}"


def listed_keypair(compute: Compute, access_key: str) -> ListedKeypair:
    """Return what is known of a key pair; raises `NotFoundError`."""
    directory = compute.directory
    found = directory.keypairs.get(access_key)
    if found is None:
        raise NotFoundError(f'there is no key pair "{access_key}"')
    live = [one for one in SessionStatus if one.live]
    sessions = directory.sessions.select(SessionFilter(access_key=access_key, statuses=live))
    return ListedKeypair(
        keypair=found,
        user=directory.members.user(found.user_id),
        policy=directory.policies.get(found.policy),
        sessions=len(sessions),
    )


def _total(one: ListedKeypair) -> dict[str, str] | None:
    return None if one.policy.total_slots is None else one.policy.total_slots.pairs()


FIELDS: tuple[Field[ListedKeypair], ...] = (
    Field("email", "Email", lambda one: one.user.email, ("user_id",)),
    Field("full_name", "Full Name", lambda one: one.user.name),
    Field("access_key", "Access Key", lambda one: one.keypair.access_key),
    Field("secret_key", "Secret Key", lambda one: masked(one.keypair.secret_key)),
    Field("is_active", "Active?", lambda one: one.keypair.is_active),
    Field("is_admin", "Admin?", lambda one: one.keypair.is_admin),
    Field("created_at", "Created At", lambda one: one.keypair.created_at),
    Field("last_used", "Last Used", lambda one: one.keypair.last_used),
    Field("resource_policy", "Resource Policy", lambda one: one.policy.name),
    Field("concurrency_used", "Concurrency Used", lambda one: one.sessions),
    Field(
        "concurrency_limit",
        "Concurrency Limit",
        lambda one: one.policy.max_concurrent_sessions or None,
    ),
    Field(
        "max_containers",
        "Containers per Session",
        lambda one: one.policy.max_containers_per_session,
    ),
    Field("idle_timeout", "Idle Timeout (s)", lambda one: one.policy.idle_timeout_s),
    Field("total_resource_slots", "Total Slots", _total),
)
