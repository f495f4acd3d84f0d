"""What a template and a command's options ask for together: what was given comes first."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from outrig_backendai.compute.creating import DEFAULT_SLOTS
from outrig_backendai.compute.request import BATCH
from outrig_backendai.slots import slots_from
from outrig_backendai.templates.cloning import clone_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig_backendai.compute.request import NewSession
    from outrig_backendai.directory.templates import TemplateRecord
    from outrig_backendai.templates.template import Template

TEMPLATE = "template"
"""The note of a session's record that names the template whose credential it begins with."""


def recorded(record: TemplateRecord) -> Template:
    """Return what a recorded template says."""
    from outrig_backendai.templates.document import read_template

    template, _ = read_template(json.dumps(record.document).encode(), f"template {record.name}")
    return template


def session_from(
    record: TemplateRecord,
    given: NewSession,
    *,
    resources: Mapping[str, str],
    mounts: bool = True,
    environ: bool = True,
    slots: bool = True,
) -> NewSession:
    """Return the session that a template makes with what was `given` over it.

    An empty image, type or `resources` was not given; without `mounts`, `environ` or `slots` those
    of the template do not count.
    """
    template = recorded(record)
    kind = given.type or template.type
    asked = {**(template.resources if slots else {}), **resources}
    command = given.startup_command
    if command is None and kind == BATCH:
        command = template.startup_command or None
    return replace(
        given,
        image=given.image or template.image,
        type=kind,
        environ={**(template.environ if environ else {}), **given.environ},
        mounts=(*(_mounts(template, given) if mounts else ()), *given.mounts),
        slots=slots_from(asked, DEFAULT_SLOTS) if asked else None,
        tag=given.tag or template.tag,
        startup_command=command,
        bootstrap_script=_bootstrap(template),
        scaling_group=given.scaling_group or template.scaling_group,
        assigned_agents=given.assigned_agents or template.agents,
        architecture=template.architecture or given.architecture,
        extra={**given.extra, **({TEMPLATE: record.id} if template.git else {})},
    )


def _mounts(template: Template, given: NewSession) -> tuple[str, ...]:
    """Return the template's mounts as `-m` has them, but for folders that were given too."""
    from outrig_backendai.folders.mounting import names_in

    given_too = names_in(given.mounts)
    return tuple(
        f"{name}={path}" if path else name
        for name, path in template.mounts.items()
        if name not in given_too
    )


def _bootstrap(template: Template) -> str | None:
    parts = [template.bootstrap, clone_text(template.git) if template.git else ""]
    return "\n".join(one for one in parts if one) or None
