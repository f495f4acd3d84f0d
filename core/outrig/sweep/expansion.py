"""Asking an expander what an expression stands for, whatever it does."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.errors import OutrigError, PluginError, UsageError
from outrig.plugins.kinds import Kind
from outrig.session.cancel import Cancel
from outrig.session.context import EngineContext
from outrig.session.observer import Observer
from outrig.settings import Settings
from outrig.state.journal import NoJournal

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.model.project import Parameter
    from outrig.plugins import Hooks

_OWN = "outrig"
_MOST_S = 10.0
_MOST_BYTES = 64 << 20
_MOST_MEMORY_BYTES = 1 << 30


def expand(
    hooks: Hooks, prefix: str, expression: str, parameter: Parameter, limit: int
) -> tuple[str, ...]:
    """Return the values that an expression stands for, a few more than `limit` at most.

    What is not Outrig's own is asked in a process of its own, which may take 10 s and 1 GiB: an
    expander that never ends or fills the memory is then one line. Raises `UsageError`, or
    `PluginError` when the expander fails.
    """
    entry = hooks.catalogue.find(Kind.EXPANDER, prefix)
    context = EngineContext(
        Settings(), NoJournal(), step="expand", observer=Observer(), cancel=Cancel()
    )

    def ask() -> tuple[str, ...]:
        return hooks.expand_params(prefix, expression, parameter, limit, context)

    if entry.distribution == _OWN:
        return ask()
    return _in_child(entry.label, lambda: ask()[: limit + 1])


def _in_child(label: str, ask: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(source)
            _answer(sink, ask)
        finally:
            os._exit(0)
    os.close(sink)
    try:
        data = _read(source, time.monotonic() + _MOST_S)
    finally:
        os.close(source)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if data is None:
        raise PluginError(f"{label} did not answer expand_params within {_MOST_S:g} s")
    try:
        answer = json.loads(data)
    except ValueError:
        raise PluginError(f"{label} failed in expand_params: it ended without an answer") from None
    if "values" in answer:
        return tuple(answer["values"])
    kind = UsageError if answer["usage"] else PluginError
    raise kind(answer["message"], hint=answer["hint"])


def _answer(sink: int, ask: Callable[[], tuple[str, ...]]) -> None:
    """Write what the expander answers, or why it does not, as JSON."""
    _bound_memory()
    answer: dict[str, object]
    try:
        answer = {"values": ask()}
    except OutrigError as err:
        answer = {"usage": isinstance(err, UsageError), "message": str(err), "hint": err.hint}
    with open(sink, "wb") as stream:
        stream.write(json.dumps(answer).encode())


def _bound_memory() -> None:
    import resource

    with suppress(OSError, ValueError):
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        wanted = _MOST_MEMORY_BYTES if most < 0 else min(most, _MOST_MEMORY_BYTES)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, most))


def _read(source: int, deadline: float) -> bytes | None:
    """Return all that is written to a pipe; `None` when its end does not come in time."""
    data = b""
    while len(data) < _MOST_BYTES:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([source], [], [], left)[0]:
            return None
        part = os.read(source, 1 << 20)
        if not part:
            break
        data += part
    return data
