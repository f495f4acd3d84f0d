"""`bai start-template`, which is `create-from-template` too"""

from __future__ import annotations

from dataclasses import replace

from outrig.api import interruptible, option
from outrig_backendai.commands.session_options import (
    CALLBACK_URL,
    CLUSTER_SIZE,
    DEPENDS,
    DOMAIN,
    ENQUEUE_ONLY,
    ENV,
    GROUP,
    MAX_WAIT,
    MOUNT,
    NAME,
    NO_REUSE,
    OWNER,
    PRIORITY,
    RESOURCE_OPTS,
    RESOURCES,
    SCALING_GROUP,
    STARTUP_COMMAND,
    TAG,
    max_wait_s,
    new_session,
    pairs,
)
from outrig_backendai.commands.starting import start_session
from outrig_backendai.commands.templating import TEMPLATE, TemplateCommand
from outrig_backendai.compute.request import BATCH, INTERACTIVE
from outrig_backendai.templates.starting import recorded, session_from


def _type(text: str) -> str:
    if text not in (BATCH, INTERACTIVE):
        raise ValueError(f"{text!r} is neither {BATCH} nor {INTERACTIVE}")
    return text


class BaiStartTemplate(TemplateCommand):
    """Start a session that a template describes."""

    summary = "Start a session from a template"
    details = (
        "Options stand over what the template says: variables, resources and mounts are added to "
        "its own, and win where they have the same name. A repository is cloned before the session "
        "is ready; its password is in no command line, log or record."
    )
    examples = (
        ("bai start-template 3f2a", "as the template says"),
        ("bai start-template 3f2a -t train -r mem=8g -e LR=0.1", "with more memory"),
    )
    arguments = (TEMPLATE,)
    options = (
        NAME,
        OWNER,
        option("type", None, "batch or interactive", value="SESSTYPE", type=_type),
        option(
            "starts-at",
            None,
            "when a batch session is to start",
            value="STARTS_AT",
            also=("starts_at",),
        ),
        option("image", "i", "another runtime", value="IMAGE"),
        STARTUP_COMMAND,
        ENQUEUE_ONLY,
        MAX_WAIT,
        NO_REUSE,
        ENV,
        TAG,
        MOUNT,
        SCALING_GROUP,
        RESOURCES,
        CLUSTER_SIZE,
        RESOURCE_OPTS,
        DOMAIN,
        GROUP,
        option("no-mount", None, "without the template's folders"),
        option("no-env", None, "without the template's variables"),
        option("no-resource", None, "without the template's resources"),
        PRIORITY,
        CALLBACK_URL,
        DEPENDS,
    )

    def handle(self) -> int:
        """Start it."""
        given = new_session(self, self.text("image") or "")
        given = replace(given, type=self.text("type") or "")
        record = self.templates().find(self.word("template-id") or "")
        wanted = session_from(
            record,
            given,
            resources=pairs(self.texts("resources"), "-r"),
            mounts=not self.flag("no-mount"),
            environ=not self.flag("no-env"),
            slots=not self.flag("no-resource"),
        )
        if recorded(record).startup_command and wanted.startup_command is None:
            self.note("the template's startup command is for batch sessions, and is not run")
        with interruptible(self.outrig):
            return start_session(
                self, wanted, max_wait_s(self), enqueue_only=self.flag("enqueue-only")
            )
