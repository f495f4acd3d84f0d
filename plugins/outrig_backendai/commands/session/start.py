"""`bai start`"""

from __future__ import annotations

from outrig.api import Command, argument, interruptible
from outrig_backendai.commands.session_options import (
    COMMON,
    DEPENDS,
    OWNER,
    RESOURCES,
    STARTUP_COMMAND,
    max_wait_s,
    new_session,
)
from outrig_backendai.commands.starting import start_session


class BaiStart(Command):
    """Start a session, to run code in it later or to use its services."""

    summary = "Start a session"
    details = (
        "A session holds cores and memory of an agent, and waits in the queue while there are not "
        "enough of them. Its programs run in /home/work. It ends when nothing has run in it for "
        "30 minutes, or by `bai rm`.\n"
        "\n"
        "A session of that name and image that is there already is taken as it is."
    )
    examples = (
        ("bai start -t mysession python", "a session with a name"),
        ("bai start -r cpu=2 -r mem=4g python:3.11", "with two cores and 4 GiB"),
        ("bai start --type batch -c 'python train.py' python", "one command, then it ends"),
    )
    arguments = (argument("image", "the runtime: python:3.11, or an alias as python"),)
    options = (*COMMON, OWNER, STARTUP_COMMAND, RESOURCES, DEPENDS)

    def handle(self) -> int:
        """Start it."""
        wanted = new_session(self, self.word("image") or "")
        with interruptible(self.outrig):
            return start_session(
                self, wanted, max_wait_s(self), enqueue_only=self.flag("enqueue-only")
            )
