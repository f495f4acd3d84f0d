"""What the inside of a session's kernel is to be: its variables, hosts, folders and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig_backendai.compute.creating import DEFAULT_SHMEM
from outrig_backendai.place.record import Place
from outrig_backendai.slots import parse_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig_backendai.compute.record import ComputeSession, Kernel
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.place.record import Bind


def place_of(compute: Compute, session: ComputeSession, kernel: Kernel) -> Place:
    """Return a kernel's inside. Kernels of a session that are on one machine share its network."""
    return Place(
        host=kernel.host,
        hosts={one.host: one.address for one in session.kernels if one.address},
        mounts=_binds(compute, session, kernel),
        environ={**session.environ, **_variables(session, kernel)},
        hidden=(compute.outrig.state.directory,),
        devices=tuple(str(index) for index, _ in kernel.devices),
        memory_mib=session.slots.mem >> 20,
        cpu=session.slots.cpu,
        shmem_mib=parse_size(session.resource_opts.get("shmem", DEFAULT_SHMEM)) >> 20,
    )


def _binds(compute: Compute, session: ComputeSession, kernel: Kernel) -> tuple[Bind, ...]:
    from outrig_backendai.folders.furnishing import binds

    there = compute.outrig.state.sessions.get(kernel.outrig_session_id or "")
    return () if there is None else binds(compute, session, there)


def _variables(session: ComputeSession, kernel: Kernel) -> Mapping[str, str]:
    """Return what programs are told of their session, by the names that Backend.AI has for it."""
    subs = session.cluster_size - 1
    ports = ",".join(map(str, session.preopen_ports))
    return {
        "BACKENDAI_SESSION_ID": session.id,
        "BACKENDAI_SESSION_NAME": session.name,
        "BACKENDAI_KERNEL_ID": kernel.id,
        "BACKENDAI_KERNEL_IMAGE": session.image,
        "BACKENDAI_CLUSTER_SIZE": str(session.cluster_size),
        "BACKENDAI_CLUSTER_REPLICAS": f"main:1,sub:{subs}" if subs else "main:1",
        "BACKENDAI_CLUSTER_HOSTS": ",".join(one.host for one in session.kernels),
        "BACKENDAI_CLUSTER_ROLE": kernel.role,
        "BACKENDAI_CLUSTER_IDX": str(kernel.idx),
        "BACKENDAI_CLUSTER_HOST": kernel.host,
        "BACKENDAI_CLUSTER_LOCAL_RANK": str(session.kernels.index(kernel)),
        "BACKENDAI_ACCESS_KEY": session.access_key,
        "BACKENDAI_USER_UUID": session.user_id,
        "BACKENDAI_USER_EMAIL": session.user_email,
        "BACKENDAI_USER_NAME": session.user_name,
        "BACKENDAI_PREOPEN_PORTS": ports,
        "BACKENDAI_SERVICE_PORTS": ",".join(
            f"{one}:preopen:{one}" for one in session.preopen_ports
        ),
        **_shares(kernel),
    }


def _shares(kernel: Kernel) -> dict[str, str]:
    """Return the limits by which frameworks keep to a part of a device."""
    part = min((share for _, share in kernel.devices), default=1.0)
    if part >= 1:
        return {}
    return {
        "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE": str(int(part * 100)),
        "XLA_PYTHON_CLIENT_MEM_FRACTION": f"{part:.2f}",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    }
