"""Finding sweeps by name or by the beginning of their id."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError

if TYPE_CHECKING:
    from outrig.engine import Outrig
    from outrig.model.sweep import Sweep


def find_sweep(outrig: Outrig, project_id: str | None, name: str | None) -> Sweep:
    """Return the sweep that a name, or the beginning of an id, stands for; without one the newest.

    A name is looked for in the project first, then in all. Raises `NotFoundError`.
    """
    sweeps = outrig.state.sweeps.select(project_id)
    if name is None:
        if not sweeps:
            raise NotFoundError(
                "there is no sweep", hint='make one: outrig session start CMD --PARAM "case:1,2"'
            )
        return sweeps[0]
    everywhere = outrig.state.sweeps.select() if project_id is not None else sweeps
    for some in (sweeps, everywhere):
        found = [one for one in some if one.name == name]
        if len(name) >= 4:
            found = found or [one for one in some if one.id.startswith(name.upper())]
        if len(found) == 1:
            return found[0]
        if found:
            shown = ", ".join(f"{one.id} ({one.project_name})" for one in found[:5])
            raise NotFoundError(f'several sweeps are called "{name}": {shown}', hint="give the id")
    names = [one.name for one in sweeps]
    near = difflib.get_close_matches(name, names, 1)
    there = (
        f"there are: {', '.join(names[:10])}" if names else "see: outrig sweep list --all-projects"
    )
    raise NotFoundError(
        f'there is no sweep "{name}"', hint=f'did you mean "{near[0]}"?' if near else there
    )
