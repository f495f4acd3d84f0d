"""Telling somebody that a sweep has ended: the desktop, a command, a web hook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from outrig.errors import UsageError
from outrig.webhook import post_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.engine import Outrig
    from outrig.model.sweep import Sweep

_MOST_S = 20.0


def check_target(text: str) -> str:
    """Return a target of `--notify` if it is one; raises `UsageError`."""
    kind, _, rest = text.partition(":")
    web = rest.startswith(("http://", "https://"))
    if text == "desktop" or (kind == "command" and rest.strip()) or (kind == "webhook" and web):
        return text
    raise UsageError(
        f'--notify "{text}" is nobody to tell',
        hint="write desktop, command:WORDS or webhook:https://…",
    )


def notify(outrig: Outrig, sweep: Sweep) -> Iterator[str]:
    """Tell everybody a sweep names how it ended; yields what went wrong with that."""
    counts = outrig.state.sweeps.counts(sweep.id)
    numbers = {status.value.lower(): count for status, count in counts.items()}
    text = ", ".join(f"{count} {status}" for status, count in numbers.items())
    facts: dict[str, object] = {
        "sweep": sweep.name,
        "id": sweep.id,
        "project": sweep.project_name,
        "state": sweep.state.value,
        "cases": sweep.size,
        **numbers,
    }
    for target in sweep.options.notify:
        try:
            _tell(target, f"{sweep.name}: {sweep.state.value} ({text})", facts)
        except (OSError, ValueError, subprocess.SubprocessError) as err:
            yield f"{target.partition(':')[0]} could not be told: {' '.join(str(err).split())}"


def _tell(target: str, text: str, facts: dict[str, object]) -> None:
    kind, _, rest = target.partition(":")
    if kind == "webhook":
        post_json(rest, facts, _MOST_S)
        return
    words = ["/bin/sh", "-c", rest] if kind == "command" else _desktop(text)
    variables = {f"OUTRIG_SWEEP_{name.upper()}": str(value) for name, value in facts.items()}
    subprocess.run(
        words,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=_MOST_S,
        check=True,
    )


def _desktop(text: str) -> list[str]:
    if sys.platform == "darwin":
        return ["osascript", "-e", f'display notification {json.dumps(text)} with title "Outrig"']
    return ["notify-send", "Outrig", text]
