"""The fields of sessions: those that both generations of the client name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from outrig_backendai.compute.record import ComputeSession
from outrig_backendai.listing.field import Field, find_field
from outrig_backendai.services.catalogue import services_of
from outrig_backendai.slots import Slots, format_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What all kernels of a session use: memory in MiB, now and at most, and CPU seconds.

    `idle_s` says for how long nothing ran in any of them; `None` while something does.
    """

    memory_mib: float
    most_memory_mib: float
    cpu_s: float
    idle_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSession:
    """A session, and what it uses (`None`: nobody was asked, or has told)."""

    session: ComputeSession
    used: Used | None = None

    @property
    def lasts_s(self) -> float:
        """How long it has been, or was, with its agent; in seconds."""
        begin = self.session.scheduled_at
        if begin is None:
            return 0.0
        return ((self.session.terminated_at or datetime.now(UTC)) - begin).total_seconds()


def slots_text(slots: Slots) -> str:
    """Return slots as tables show them: `cpu:1, mem:1.0G`."""
    shown = {
        name: format_size(int(value)) if name == "mem" else value
        for name, value in slots.pairs().items()
    }
    return ", ".join(f"{name}:{value}" for name, value in shown.items()) or "(empty)"


def occupies(one: ListedSession) -> bool:
    """Tell whether a session holds its slots now."""
    return one.session.status.holds


def _cpu_percent(one: ListedSession) -> float | None:
    if one.used is None or one.lasts_s <= 0:
        return None
    return round(100 * one.used.cpu_s / one.lasts_s, 1)


def _idle_checks(one: ListedSession) -> dict[str, object]:
    """Return what ends the session, and after how much more of doing nothing."""
    limit_s = one.session.idle_timeout_s
    if not limit_s or not occupies(one):
        return {}
    idle_s = one.used.idle_s if one.used is not None else None
    left_s = limit_s - (idle_s or 0.0)
    return {"network_timeout": {"remaining": round(max(0.0, left_s)), "limit": round(limit_s)}}


def _registry(one: ListedSession) -> str | None:
    head, slash, _ = one.session.image.partition("/")
    return head if slash and ("." in head or ":" in head) else None


def _services(one: ListedSession) -> list[dict[str, object]]:
    return [
        {"name": service.name, "protocol": service.protocol, "container_ports": service.ports}
        for service in services_of(one.session)
    ]


def _services_text(one: ListedSession) -> str:
    return ", ".join(
        f"{service.name}:{service.protocol}:{'/'.join(map(str, service.ports))}"
        for service in services_of(one.session)
    )


def _agents(one: ListedSession) -> list[str]:
    found = [kernel.agent for kernel in one.session.kernels if kernel.agent is not None]
    return list(dict.fromkeys(found))


def _containers(one: ListedSession) -> list[dict[str, object]]:
    return [
        {
            "id": kernel.id,
            "cluster_role": kernel.role,
            "cluster_idx": kernel.idx,
            "cluster_hostname": kernel.host,
            "agent": kernel.agent,
            "status": kernel.status.value,
            "outrig_session": kernel.outrig_session_id,
        }
        for kernel in one.session.kernels
    ]


def _kernel_lines(one: ListedSession) -> str:
    return ", ".join(
        f"{kernel.host} {kernel.id} ({kernel.agent or 'no agent'}, {kernel.status.value})"
        for kernel in one.session.kernels
    )


FIELDS: tuple[Field[ListedSession], ...] = (
    Field("name", "Name", lambda one: one.session.name),
    Field("access_key", "Owner Access Key", lambda one: one.session.access_key, ("owner",)),
    Field("session_id", "Session ID", lambda one: one.session.id, ("id",)),
    Field("group_name", "Project/Group", lambda one: one.session.group, ("group",)),
    Field(
        "main_kernel_id",
        "Main Kernel ID",
        lambda one: one.session.main.id,
        ("kernel_id", "task_id"),
    ),
    Field("image", "Image", lambda one: one.session.image),
    Field("type", "Type", lambda one: one.session.type),
    Field("status", "Status", lambda one: one.session.status),
    Field("status_info", "Status Info", lambda one: one.session.status_info),
    Field(
        "status_changed", "Last Updated", lambda one: one.session.status_changed, ("last_updated",)
    ),
    Field("result", "Result", lambda one: one.session.result),
    Field("tag", "Tag", lambda one: one.session.tag),
    Field("created_at", "Created At", lambda one: one.session.created_at),
    Field(
        "occupying_slots",
        "Occupying Slots",
        lambda one: one.session.occupied.pairs() if occupies(one) else {},
        ("occupied_slots",),
        lambda one: slots_text(one.session.occupied) if occupies(one) else "(empty)",
    ),
    Field(
        "used_memory", "Used Memory (MiB)", lambda one: one.used.memory_mib if one.used else None
    ),
    Field(
        "max_used_memory",
        "Max Used Memory (MiB)",
        lambda one: one.used.most_memory_mib if one.used else None,
    ),
    Field("cpu_using", "CPU Using (%)", _cpu_percent),
    Field(
        "requested_slots",
        "Requested Slots",
        lambda one: one.session.occupied.pairs(),
        (),
        lambda one: slots_text(one.session.occupied),
    ),
    Field("registry", "Registry", _registry),
    Field("architecture", "Architecture", lambda one: one.session.architecture),
    Field("cluster_template", "Cluster Template", lambda _: None),
    Field("cluster_mode", "Cluster Mode", lambda one: one.session.cluster_mode),
    Field("cluster_size", "Cluster Size", lambda one: one.session.cluster_size),
    Field("cluster_hostname", "Cluster Hostname", lambda one: one.session.main.host),
    Field("domain_name", "Domain", lambda one: one.session.domain, ("domain",)),
    Field("group_id", "Group ID", lambda one: one.session.group_id),
    Field("agent_ids", "Agents", _agents, ("agents", "agent")),
    Field("user_email", "Owner Email", lambda one: one.session.user_email),
    Field("user_id", "User ID", lambda one: one.session.user_id),
    Field("created_user_email", "Created By", lambda one: one.session.user_email),
    Field("created_user_id", "Created User ID", lambda one: one.session.user_id),
    Field("status_data", "Status Data", lambda one: {"attempts": one.session.attempts}),
    Field("terminated_at", "Terminated At", lambda one: one.session.terminated_at),
    Field("starts_at", "Starts At", lambda one: one.session.starts_at),
    Field("scheduled_at", "Scheduled At", lambda one: one.session.scheduled_at),
    Field("startup_command", "Startup Command", lambda one: one.session.startup_command),
    Field("bootstrap_script", "Bootstrap Script", lambda one: one.session.bootstrap_script),
    Field("exit_code", "Exit Code", lambda one: one.session.exit_code),
    Field("resource_opts", "Resource Options", lambda one: dict(one.session.resource_opts)),
    Field("scaling_group", "Scaling Group", lambda one: one.session.scaling_group),
    Field("service_ports", "Service Ports", _services, (), _services_text),
    Field("mounts", "Mounts", lambda one: one.session.mounts, ("vfolder_mounts",)),
    Field("dependencies", "Dependencies", lambda one: one.session.depends),
    Field("priority", "Priority", lambda one: one.session.priority),
    Field("abusing_reports", "Abusing Reports", lambda _: ()),
    Field("idle_checks", "Idle Checks", _idle_checks),
    Field("containers", "Containers", _containers, (), _kernel_lines),
)
ASKING = ("used_memory", "max_used_memory", "cpu_using", "idle_checks")
"""Fields for which nodes are asked."""


def _of(*names: str) -> tuple[Field[ListedSession], ...]:
    return tuple(find_field(FIELDS, name) for name in names)


OWNER = _of("access_key")
NAME = _of("name")
USUAL = _of(
    "id",
    "group_name",
    "main_kernel_id",
    "image",
    "type",
    "status",
    "status_info",
    "status_changed",
    "result",
)
DETAIL = _of("tag", "created_at", "occupying_slots", "used_memory", "max_used_memory", "cpu_using")
