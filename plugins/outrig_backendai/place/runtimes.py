"""Which images agents have: looked for on them, recorded, and chosen for a session's kernels."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError
from outrig_backendai.place import scanning
from outrig_backendai.place.images import Runtime, images_of, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig_backendai.directory.agents import Agent
    from outrig_backendai.directory.database import Directory
    from outrig_backendai.directory.images import Image


def scan_here(directory: Directory, agent: str) -> list[Image]:
    """Look what this computer has, and record it."""
    found = images_of(agent, scanning.scan(os.environ.get("PATH", os.defpath)))
    directory.images.put(agent, found)
    return found


def rescan(directory: Directory) -> tuple[list[Image], list[Agent]]:
    """Look again what there is; returns the images of this computer, and the other agents.

    Those are looked at when a session is next launched there.
    """
    from outrig_backendai.compute.agents import see_this_computer

    here = see_this_computer(directory)
    others = [one for one in directory.agents.all() if one.id != here.id]
    for one in others:
        directory.images.forget(one.id)
    return scan_here(directory, here.id), others


def known_images(directory: Directory, agent: Agent) -> list[Image] | None:
    """Return what an agent has; `None` where that has to be looked for on a node of it first."""
    if agent.is_pool:
        return None
    if agent.provider == "local":
        if not directory.images.is_known(agent.id):
            return scan_here(directory, agent.id)
        found = directory.images.all([agent.id])
        gone = [one for one in found if not Path(one.program).exists()]
        return scan_here(directory, agent.id) if gone else found
    return directory.images.all([agent.id]) if directory.images.is_known(agent.id) else None


def check_image(directory: Directory, text: str, agents: Sequence[Agent], *, strict: bool) -> str:
    """Return what to tell the user of an image before a session waits for it; empty if nothing.

    Raises `NotFoundError` when no agent has it, nor may have it.
    """
    name = directory.images.named(text)
    problem: NotFoundError | None = None
    for agent in agents:
        images = known_images(directory, agent)
        if images is None:
            return ""
        try:
            return resolve(name, images, strict=strict).notice
        except NotFoundError as err:
            problem = problem or err
    if problem is not None:
        raise problem
    return ""


def runtime_of(
    directory: Directory, text: str, images: Sequence[Image], *, strict: bool
) -> Runtime:
    """Return what a session of that image runs in, where these images are; raises as `resolve`."""
    return resolve(directory.images.named(text), images, strict=strict)


def scan_script() -> str:
    """Return shell text that prints what a node has, for `scanned`."""
    source = Path(scanning.__file__).read_text("utf-8") + "\ntell()\n"
    return f'exec "${{OUTRIG_PYTHON:-python3}}" -IS -c {shlex.quote(source)}'


def scanned(directory: Directory, agent: Agent, printed: str) -> list[Image]:
    """Return what a node told, and record it unless each node of its agent is another one."""
    try:
        found = json.loads(printed)
    except ValueError:
        found = {}
    images = images_of(agent.id, found if isinstance(found, dict) else {})
    if not agent.is_pool:
        directory.images.put(agent.id, images)
    return images
