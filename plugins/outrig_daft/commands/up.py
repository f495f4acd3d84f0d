"""`daft up`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Command, TerminalObserver, interruptible, login_key, option
from outrig.errors import NotFoundError
from outrig_daft.clusters import authorise, cluster_file, keys_for, wanted
from outrig_daft.commands.words import CONFIG, FILE, KEY
from outrig_ray.api import StepError, UpOptions, UpReport, bring_up

if TYPE_CHECKING:
    from outrig_daft.files.daft_file import DaftFile
    from outrig_ray.api import Brought


class DaftUp(Command):
    """Start the cluster of a Daft file, or make it what its file says now."""

    summary = "Start a cluster for Daft, or update it"
    details = (
        "Makes the machines, sets Python, Ray and Daft up in ~/.venv there, then runs the commands "
        "of the file and starts Ray. It returns when the head is ready; workers go on by "
        "themselves, and `daft list` shows how they are, unless --wait is given. What was done is "
        "not done again: with nothing changed this takes a second.\n"
        "\n"
        "When the head of a new cluster cannot be set up, everything is released again."
    )
    examples = (
        ("daft up", "the cluster of .daft.toml"),
        ("daft up -c new-cluster.toml", "of another file"),
        ("daft up -i my-keypair.pem", "that this key may log in to"),
    )
    arguments = (FILE,)
    options = (CONFIG, KEY, option("wait", None, "return when the workers are ready too"))

    def handle(self) -> int:
        """Bring it up."""
        which = wanted(self.word("file"), self.text("config"))
        if which.file is None:
            raise NotFoundError(f"there is no file {which.name}")
        key = self.text("identity-file")
        keys = keys_for(which.file, key)
        cluster = cluster_file(self.outrig, which.file)
        options = UpOptions(wait=self.flag("wait"))
        observer = TerminalObserver(self)
        self.outrig.watch(observer)
        try:
            with interruptible(self.outrig):
                brought = bring_up(self.outrig, cluster, options, UpReport(self))
                authorise(self.outrig, brought.cluster, keys)
        except StepError as err:
            for line in err.tail:
                self.note(f"  {line}")
            raise
        finally:
            observer.finish()
        self._say(which.file, brought, key)
        return 7 if brought.failed else 0

    def _say(self, file: DaftFile, brought: Brought, key: str | None) -> None:
        head = brought.cluster.head
        if not brought.changed and not brought.failed:
            self.note(f"{file.name}: nothing has changed")
        if brought.failed:
            self.warn(f"{len(brought.failed)} of {file.workers} workers failed; see above")
        self.line(f"Head node IP: {head.address or head.id}")
        if brought.changed and file.workers and not self.flag("wait"):
            self.note("  workers go on by themselves: outrig daft list")
        if key is None and file.provider not in ("ssh", "local"):
            self.note(f"  key to log in with: {login_key().path}")
        self.note("Successfully spun the cluster up.")
