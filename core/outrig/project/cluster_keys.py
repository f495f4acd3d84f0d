"""Every key of a Ray cluster file, declared once; those of old generations too."""

from __future__ import annotations

from outrig.project.schema import (
    AnyKind,
    EitherKind,
    FlagKind,
    Key,
    ListKind,
    MapKind,
    TextKind,
    WholeKind,
)

_TEXT = TextKind()
_VALUE = TextKind(says="a single value", may_be_empty=True, numbers_too=True)
_NUMBER = TextKind(
    says="a number that is not negative",
    pattern=r"\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]-?[0-9]+)?",
)
_COUNT = WholeKind(minimum=0, maximum=1_000_000)
_TEXTS = EitherKind(kinds=(ListKind(item=_TEXT, says="a list of texts"), _TEXT))
_COMMANDS = EitherKind(kinds=(ListKind(item=_VALUE, says="a list of commands"), _VALUE))
_ANY_MAP = MapKind(title="anything", keys=(), others=AnyKind())
_VALUES = MapKind(title="values", keys=(), others=_VALUE)
_NUMBERS = MapKind(title="numbers", keys=(), others=_NUMBER)


def _keys(kind: object, *names: str) -> tuple[Key, ...]:
    return tuple(Key(name=name, kind=kind, help="") for name in names)  # type: ignore[arg-type]


_FLAG = FlagKind()
_NODE_DOCKER = MapKind(
    title="docker of a node type",
    keys=(
        *_keys(_FLAG, "pull_before_run"),
        *_keys(_TEXT, "worker_image"),
        *_keys(_TEXTS, "worker_run_options"),
    ),
)
_DOCKER = MapKind(
    title="docker",
    keys=(
        *_keys(TextKind(may_be_empty=True), "image", "head_image", "worker_image"),
        *_keys(TextKind(may_be_empty=True), "container_name"),
        *_keys(_TEXTS, "run_options", "head_run_options", "worker_run_options"),
        *_keys(_FLAG, "pull_before_run", "pull", "use_podman"),
        *_keys(_FLAG, "disable_automatic_runtime_detection", "disable_shm_size_detection"),
    ),
)
_NODE_TYPE = MapKind(
    title="a node type",
    says="a mapping with node_config",
    keys=(
        *_keys(_ANY_MAP, "node_config"),
        *_keys(_NUMBERS, "resources"),
        *_keys(_COUNT, "min_workers", "max_workers"),
        *_keys(_NUMBER, "idle_timeout_s"),
        *_keys(WholeKind(minimum=-1_000_000, maximum=1_000_000), "priority"),
        *_keys(_VALUES, "labels"),
        *_keys(_COMMANDS, "initialization_commands", "worker_setup_commands"),
        *_keys(_NODE_DOCKER, "docker"),
    ),
)
PROVIDER = MapKind(
    title="provider",
    keys=(
        *_keys(_TEXT, "type", "region", "availability_zone", "module", "namespace", "location"),
        *_keys(_VALUE, "project_id", "head_ip", "external_head_ip", "coordinator_address"),
        *_keys(_TEXTS, "worker_ips"),
        *_keys(_FLAG, "use_internal_ips", "cache_stopped_nodes", "disable_node_updaters"),
        *_keys(_ANY_MAP, "security_group", "gcp_credentials", "tags"),
    ),
    others=AnyKind(),
)
_AUTH = MapKind(
    title="auth",
    keys=(
        *_keys(_TEXT, "ssh_user", "ssh_private_key", "ssh_public_key", "ssh_proxy_command"),
        *_keys(_FLAG, "ssh_proxy_use_node_id"),
    ),
)
COMMAND_LISTS = (
    "initialization_commands",
    "setup_commands",
    "head_setup_commands",
    "worker_setup_commands",
    "head_start_ray_commands",
    "worker_start_ray_commands",
)
CLUSTER_FILE = MapKind(
    title="The cluster",
    says="a mapping with provider",
    keys=(
        *_keys(TextKind(says="a name", numbers_too=True), "cluster_name"),
        *_keys(PROVIDER, "provider"),
        *_keys(_AUTH, "auth"),
        *_keys(_DOCKER, "docker"),
        *_keys(MapKind(title="the node types", keys=(), others=_NODE_TYPE), "available_node_types"),
        *_keys(_TEXT, "head_node_type"),
        *_keys(_COUNT, "max_workers"),
        *_keys(_NUMBER, "upscaling_speed", "idle_timeout_minutes"),
        *_keys(MapKind(title="the mounts", keys=(), others=_TEXT), "file_mounts"),
        *_keys(_TEXTS, "cluster_synced_files", "rsync_exclude", "rsync_filter"),
        *_keys(_FLAG, "file_mounts_sync_continuously", "no_restart"),
        *_keys(_COMMANDS, *COMMAND_LISTS),
        *_keys(_ANY_MAP, "metadata"),
        # what Ray before 1.0 wrote
        *_keys(_COUNT, "min_workers", "initial_workers"),
        *_keys(_VALUE, "autoscaling_mode", "target_utilization_fraction"),
        *_keys(_ANY_MAP, "head_node", "worker_nodes", "worker_node"),
        *_keys(_TEXT, "worker_default_node_type"),
    ),
)
