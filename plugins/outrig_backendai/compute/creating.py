"""Asking for a session: checks what is asked for, and puts it into the queue."""

from __future__ import annotations

import os
import re
import uuid
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from outrig.errors import AuthError, CapacityError, ConflictError, NotFoundError, UsageError
from outrig_backendai.compute.calling_back import call_back, check_callback
from outrig_backendai.compute.record import ComputeSession, Kernel, SessionStatus
from outrig_backendai.compute.request import BATCH
from outrig_backendai.compute.sessions import Created
from outrig_backendai.directory.identity import caller_of
from outrig_backendai.slots import Slots, parse_size

if TYPE_CHECKING:
    from outrig_backendai.compute.request import NewSession
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.directory.identity import Caller
    from outrig_backendai.directory.members import UserGroup
    from outrig_backendai.directory.policies import Policy

DEFAULT_SLOTS = Slots(cpu=1, mem=1 << 30)
DEFAULT_SHMEM = "64m"
LEAST_MEMORY = 32 << 20
RESERVED_PORTS = (2000, 2001, 2200, 7681)
_NAME = re.compile(r"(?=.{4,64}\Z)\w[\w.-]*\w", re.ASCII)
_RESERVED_NAMES = ("from-template",)


class _Owner(NamedTuple):
    """Whose a session is to be, in which group, and what that keypair may use."""

    caller: Caller
    group: UserGroup
    policy: Policy


def create(compute: Compute, wanted: NewSession) -> Created:
    """Record a session as PENDING, or return the live one of its name if it may be reused."""
    owner = _owner(compute, wanted)
    check_request(wanted)
    if wanted.name is not None:
        check_session_name(wanted.name)
        found = compute.directory.sessions.live(owner.caller.access_key, wanted.name)
        if found is not None:
            return Created(session=_reusable(found, wanted), created=False)
    session = _session(compute, wanted, owner)
    try:
        compute.directory.sessions.add(session)
    except ConflictError:  # another process was first
        found = compute.directory.sessions.live(session.access_key, session.name)
        if found is None:
            raise
        return Created(session=_reusable(found, wanted), created=False)
    call_back(compute, session)
    return Created(session=session, created=True)


def check_session_name(name: str) -> str:
    """Return a name if a session may have it; raises `UsageError`."""
    if not _NAME.fullmatch(name) or name in _RESERVED_NAMES:
        raise UsageError(
            f'session name "{name}" is not 4 to 64 letters, digits and _ . -, with a letter or a '
            "digit at both ends",
            hint="give another with -t",
        )
    return name


def check_request(wanted: NewSession) -> None:
    """Raise `UsageError` for what does not go together."""
    _check_texts(wanted)
    batch = wanted.type == BATCH
    if batch and not (wanted.startup_command or "").strip():
        raise UsageError("a batch session needs a command to run", hint="give one: -c COMMAND")
    if not batch and wanted.startup_command is not None:
        raise UsageError("only batch sessions have a startup command", hint="add --type batch")
    if not batch and wanted.starts_at is not None:
        raise UsageError("only batch sessions start at a given time", hint="add --type batch")
    if wanted.cluster_size < 1:
        raise UsageError(f"--cluster-size {wanted.cluster_size} is less than 1")
    for port in wanted.preopen:
        if not 1024 <= port <= 65535 or port in RESERVED_PORTS:
            reserved = ", ".join(map(str, RESERVED_PORTS))
            raise UsageError(
                f"port {port} cannot be opened ahead",
                hint=f"take one from 1024 to 65535, but not {reserved}",
            )
    if wanted.callback_url is not None:
        check_callback(wanted.callback_url)
    for name in wanted.environ:
        if not name or "=" in name or "\0" in name:
            raise UsageError(f'"{name}" cannot be the name of a variable')


def _check_texts(wanted: NewSession) -> None:
    """Raise `UsageError` for bytes of a command line that were not UTF-8."""
    pairs = {**wanted.environ, **wanted.resource_opts, **wanted.extra}.items()
    fields = [getattr(wanted, one.name) for one in dataclass_fields(wanted)]
    several = [text for one in fields if isinstance(one, tuple) for text in one]
    for text in (*fields, *several, *(text for pair in pairs for text in pair)):
        try:
            str(text).encode()
        except UnicodeEncodeError as err:
            shown = str(text)[:80]
            raise UsageError(f"what is asked for has bytes that are not UTF-8: {shown!r}") from err


def _owner(compute: Compute, wanted: NewSession) -> _Owner:
    """Return whose the session is to be; raises `AuthError`, `NotFoundError`."""
    directory, caller = compute.directory, compute.caller
    owner = caller
    if wanted.owner is not None and wanted.owner != caller.access_key:
        keypair = directory.keypairs.get(wanted.owner)
        if not caller.is_superadmin:
            raise AuthError("only administrators create sessions of other owners")
        if keypair is None:
            raise NotFoundError(f"there is no keypair {wanted.owner}")
        owner = caller_of(directory, keypair)
    domain = wanted.domain or owner.domain
    if not directory.members.has_domain(domain):
        raise NotFoundError(f'there is no domain "{domain}"')
    group = directory.members.group(domain, wanted.group or owner.group)
    if group is None or not group.is_active:
        raise NotFoundError(f'there is no group "{wanted.group or owner.group}" in domain {domain}')
    if not directory.members.is_member(group.id, owner.user_id):
        raise AuthError(f'{owner.user_email} is not a member of group "{group.name}"')
    return _Owner(caller=owner, group=group, policy=directory.policies.get(owner.policy))


def _reusable(found: ComputeSession, wanted: NewSession) -> ComputeSession:
    """Return a live session of the wanted name if it may be taken; raises `ConflictError`."""
    if not wanted.reuse:
        raise ConflictError(
            f'session "{found.name}" exists already: {found.id}', hint="take another name: -t"
        )
    if found.image != wanted.image:
        raise ConflictError(
            f'session "{found.name}" exists already with image {found.image}: {found.id}',
            hint="take another name with -t, or that image",
        )
    return found


def _session(compute: Compute, wanted: NewSession, owner: _Owner) -> ComputeSession:
    now = compute.now()
    slots = wanted.slots or DEFAULT_SLOTS
    _check_slots(wanted, slots, owner.policy)
    _check_mounts(compute, wanted, owner)
    return ComputeSession(
        id=str(uuid.uuid4()),
        name=wanted.name or f"pysdk-{os.urandom(5).hex()}",
        access_key=owner.caller.access_key,
        user_email=owner.caller.user_email,
        user_id=owner.caller.user_id,
        user_name=owner.caller.user_name,
        domain=owner.group.domain,
        group=owner.group.name,
        group_id=owner.group.id,
        image=wanted.image,
        architecture=wanted.architecture,
        type=wanted.type,
        status=SessionStatus.PENDING,
        status_changed=now,
        created_at=now,
        starts_at=wanted.starts_at,
        tag=wanted.tag,
        scaling_group=_scaling_group(compute, wanted, owner, slots),
        any_scaling_group=wanted.scaling_group is None,
        assigned_agents=wanted.assigned_agents,
        startup_command=wanted.startup_command,
        bootstrap_script=wanted.bootstrap_script,
        environ=dict(wanted.environ),
        mounts=wanted.mounts,
        slots=slots,
        resource_opts=dict(wanted.resource_opts),
        cluster_mode=wanted.cluster_mode,
        cluster_size=wanted.cluster_size,
        preopen_ports=wanted.preopen,
        depends=tuple(_dependency(compute, one, owner.caller) for one in wanted.depends),
        priority=10 if wanted.priority is None else wanted.priority,
        callback_url=wanted.callback_url,
        idle_timeout_s=owner.policy.idle_timeout_s,
        kernels=new_kernels(wanted.cluster_size),
        extra={**wanted.extra, **_about_image(compute, wanted, owner)},
    )


def _check_mounts(compute: Compute, wanted: NewSession, owner: _Owner) -> None:
    """Raise for folders that are not there, are others', or cannot be where they are to be."""
    from outrig_backendai.folders.mounting import mounts_of

    whose = replace(owner.caller, domain=owner.group.domain, group=owner.group.name)
    mounts_of(compute.directory, whose, wanted.mounts)


def _about_image(compute: Compute, wanted: NewSession, owner: _Owner) -> dict[str, str]:
    """Return what to note about the image; raises `NotFoundError` where no agent can have it."""
    from outrig_backendai.compute.places import agents_of, groups_for
    from outrig_backendai.place.notes import NOTICE, STRICT
    from outrig_backendai.place.runtimes import check_image

    groups = groups_for(compute, owner.group.domain, wanted.scaling_group)
    agents = agents_of(compute, groups, wanted.assigned_agents)
    strict = bool(wanted.extra.get(STRICT))
    notice = check_image(compute.directory, wanted.image, agents, strict=strict)
    return {NOTICE: notice} if notice else {}


def new_kernels(size: int) -> tuple[Kernel, ...]:
    """Return the kernels of a session: one main, and subs."""
    main = Kernel(id=str(uuid.uuid4()), role="main", idx=1, host="main1")
    subs = [
        Kernel(id=str(uuid.uuid4()), role="sub", idx=number, host=f"sub{number}")
        for number in range(1, size)
    ]
    return (main, *subs)


def _dependency(compute: Compute, reference: str, owner: Caller) -> str:
    return compute.find(reference, owner.access_key, live=False).id


def _check_slots(wanted: NewSession, slots: Slots, policy: Policy) -> None:
    """Raise `UsageError` or `CapacityError` for what can never be had."""
    if slots.cpu <= 0 or slots.mem < LEAST_MEMORY:
        raise UsageError(
            f"a session needs some cpu, and {LEAST_MEMORY >> 20} MiB of memory",
            hint="write -r cpu=1 -r mem=1g",
        )
    shmem = parse_size(wanted.resource_opts.get("shmem", DEFAULT_SHMEM))
    if "shmem" in wanted.resource_opts and shmem >= slots.mem:
        raise UsageError("shmem must be less than mem", hint="ask for more: -r mem=SIZE")
    most = policy.max_containers_per_session
    if most and wanted.cluster_size > most:
        raise CapacityError(
            f"policy {policy.name} allows {most} containers in a session, not {wanted.cluster_size}"
        )
    bounds = policy.total_slots
    lacking = None if bounds is None else slots.times(wanted.cluster_size).lacking(bounds)
    if lacking is not None:
        raise CapacityError(f"policy {policy.name} does not allow so much {lacking}")


def _scaling_group(compute: Compute, wanted: NewSession, owner: _Owner, slots: Slots) -> str | None:
    """Return the scaling group that was asked for, if any; raises when none can ever take it."""
    from outrig_backendai.compute.places import check_possible

    check_possible(compute, wanted, owner.group.domain, slots)
    return wanted.scaling_group
