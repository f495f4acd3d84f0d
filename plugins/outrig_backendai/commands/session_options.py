"""The options that commands which make sessions share, and what they ask for."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import option
from outrig.errors import ConfigError, UsageError
from outrig_backendai.compute.request import BATCH, INTERACTIVE, MULTI_NODE, SINGLE_NODE, NewSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import Command, Option
    from outrig_backendai.slots import Slots


def _size_options() -> str:
    return "cores, memory and devices (cpu=2, mem=4g, cuda.device=1, cuda.shares=0.5)"


NAME = option("name", "t", "what the session is called", value="NAME", also=("client-token",))
OWNER = option("owner", "o", "whose session it is", value="ACCESS_KEY", also=("owner-access-key",))
TYPE = option(
    "type",
    None,
    "batch: run one command, then end",
    choices=(BATCH, INTERACTIVE),
    default=INTERACTIVE,
    value="SESSTYPE",
)
STARTS_AT = option(
    "starts-at",
    None,
    'when a batch session is to start: a time, or "1h30m" from now',
    value="STARTS_AT",
)
STARTUP_COMMAND = option("startup-command", "c", "what a batch session runs", value="COMMAND")
ENQUEUE_ONLY = option("enqueue-only", None, "do not wait until it starts")
MAX_WAIT = option(
    "max-wait",
    None,
    "how long to wait until it starts (0: for ever)",
    value="SECONDS",
    type=int,
    default=0,
)
NO_REUSE = option("no-reuse", None, "refuse where a session of that name is there")
ENV = option("env", "e", "a variable for its programs", value="KEY=VAL", repeat=True)
BOOTSTRAP_SCRIPT = option("bootstrap-script", None, "a script to run before all else", value="PATH")
TAG = option("tag", None, "a word to find it by", value="TEXT")
MOUNT = option(
    "mount",
    "m",
    "a folder to mount below /home/work",
    value="NAME[=PATH]",
    repeat=True,
    also=("v", "volume"),
)
SCALING_GROUP = option(
    "scaling-group", None, "the scaling group to run in", value="TEXT", also=("sgroup",)
)
RESOURCES = option("resources", "r", _size_options(), value="KEY=VAL", repeat=True)
RUN_RESOURCES = option(
    "resources", "r", _size_options(), value="KEY=VAL", repeat=True, also=("resource",)
)
CLUSTER_SIZE = option(
    "cluster-size", None, "how many containers it has", value="NUMBER", type=int, default=1
)
CLUSTER_MODE = option(
    "cluster-mode",
    None,
    "all on one node, or on several",
    value="MODE",
    choices=(SINGLE_NODE, MULTI_NODE),
    default=SINGLE_NODE,
)
RESOURCE_OPTS = option(
    "resource-opts", None, "more about resources (shmem=64m)", value="KEY=VAL", repeat=True
)
DOMAIN = option("domain", "d", "the domain it belongs to", value="DOMAIN_NAME")
GROUP = option("group", "g", "the group it belongs to", value="GROUP_NAME")
PREOPEN = option("preopen", None, "ports that its programs will serve", value="PORT,PORT")
DEPENDS = option(
    "depends", None, "a session that has to succeed before", value="SESSION_ID", repeat=True
)
ARCHITECTURE = option(
    "architecture",
    None,
    "the processor it needs",
    value="ARCH_NAME",
    default="x86_64",
    also=("arch",),
)
ASSIGN_AGENT = option("assign-agent", None, "the agents it may run on", value="ID,ID")
PRIORITY = option("priority", None, "those with a higher one go first (10)", value="NUM", type=int)
CALLBACK_URL = option(
    "callback-url", None, "what is told of each change of it, by POST", value="CALLBACK_URL"
)
STRICT_IMAGE = option(
    "strict-image", None, "refuse an image that is not there, rather than take what is like it"
)

COMMON: tuple[Option, ...] = (
    NAME,
    TYPE,
    STARTS_AT,
    ENQUEUE_ONLY,
    MAX_WAIT,
    NO_REUSE,
    ENV,
    BOOTSTRAP_SCRIPT,
    TAG,
    MOUNT,
    SCALING_GROUP,
    CLUSTER_SIZE,
    CLUSTER_MODE,
    RESOURCE_OPTS,
    DOMAIN,
    GROUP,
    PREOPEN,
    ARCHITECTURE,
    ASSIGN_AGENT,
    PRIORITY,
    CALLBACK_URL,
    STRICT_IMAGE,
)
"""What `run` and `start` both have; beside these `RESOURCES` or `RUN_RESOURCES`."""


def new_session(command: Command, image: str) -> NewSession:
    """Return the session that a command's options ask for; raises `UsageError`, `ConfigError`.

    Options that the command does not have count as not given.
    """
    has = command.definition.has_option
    starts_at = _text(command, "starts-at")
    return NewSession(
        image=image,
        name=_text(command, "name"),
        type=_text(command, "type") or INTERACTIVE,
        environ=pairs(_texts(command, "env"), "-e"),
        mounts=(*_texts(command, "mount"), *words(os.environ.get("BACKEND_VFOLDER_MOUNTS"))),
        slots=asked_slots(_texts(command, "resources")),
        resource_opts=pairs(_texts(command, "resource-opts"), "--resource-opts"),
        tag=_text(command, "tag"),
        cluster_size=command.value("cluster-size", int) or 0 if has("cluster-size") else 1,
        cluster_mode=_text(command, "cluster-mode") or SINGLE_NODE,
        startup_command=_text(command, "startup-command"),
        bootstrap_script=read_script(_text(command, "bootstrap-script")),
        starts_at=None if starts_at is None else _starts_at(starts_at),
        depends=_texts(command, "depends"),
        preopen=ports(_text(command, "preopen")),
        scaling_group=_text(command, "scaling-group"),
        assigned_agents=words(_text(command, "assign-agent")),
        domain=_text(command, "domain"),
        group=_text(command, "group"),
        owner=_text(command, "owner"),
        priority=command.value("priority", int) if has("priority") else None,
        architecture=_text(command, "architecture") or "x86_64",
        callback_url=_text(command, "callback-url"),
        reuse=not (has("no-reuse") and command.flag("no-reuse")),
        extra=_notes(command),
    )


def _notes(command: Command) -> dict[str, str]:
    """Return what other parts are to know of the session."""
    from outrig_backendai.place.notes import STRICT, images_are_strict

    asked = command.definition.has_option("strict-image") and command.flag("strict-image")
    return {STRICT: "yes"} if asked or images_are_strict() else {}


def max_wait_s(command: Command) -> float | None:
    """Return how long to wait for a session; `None` for ever."""
    seconds = command.value("max-wait", int) or 0
    if seconds < 0:
        raise UsageError(f"--max-wait {seconds} is less than 0")
    return float(seconds) or None


def pairs(texts: Sequence[str], flag: str) -> dict[str, str]:
    """Read `KEY=VALUE` texts; of one key the last counts. Raises `UsageError`."""
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(f'{flag} "{text}" is not KEY=VALUE')
        found[key] = value
    return found


def asked_slots(texts: Sequence[str]) -> Slots | None:
    """Return the slots that `-r` asks for; `None` for none. Raises `UsageError`."""
    from outrig_backendai.compute.creating import DEFAULT_SLOTS
    from outrig_backendai.slots import slots_from

    found = pairs(texts, "-r")
    return slots_from(found, DEFAULT_SLOTS) if found else None


def ports(text: str | None) -> tuple[int, ...]:
    """Read ports with commas between; raises `UsageError`."""
    try:
        return tuple(dict.fromkeys(int(one) for one in words(text)))
    except ValueError:
        raise UsageError(f'--preopen "{text}": ports are whole numbers') from None


def words(text: str | None) -> tuple[str, ...]:
    """Return the words of a text with commas between."""
    return tuple(one.strip() for one in (text or "").split(",") if one.strip())


def read_script(path: str | None) -> str | None:
    """Return a script's text; raises `ConfigError` when it cannot be read."""
    if path is None:
        return None
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        reason = err.strerror if isinstance(err, OSError) else "it is not UTF-8"
        raise ConfigError(f"--bootstrap-script {path}: {reason}") from err


def _starts_at(text: str) -> datetime:
    from outrig_backendai.compute.starting_at import parse_starts_at

    return parse_starts_at(text, datetime.now(UTC))


def _text(command: Command, name: str) -> str | None:
    return command.text(name) if command.definition.has_option(name) else None


def _texts(command: Command, name: str) -> tuple[str, ...]:
    return command.texts(name) if command.definition.has_option(name) else ()
