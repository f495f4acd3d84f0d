"""`ray up`"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import (
    ClusterOverrides,
    Command,
    TerminalObserver,
    interruptible,
    load_cluster_file,
    option,
)
from outrig.errors import UsageError
from outrig_ray.clusters.bringing_up import Restart, UpOptions, bring_up
from outrig_ray.clusters.following import StepError
from outrig_ray.clusters.watching import Watcher
from outrig_ray.launcher.words import FILE, LOG_OPTIONS, NAME, NO_CACHE, USAGE, YES

if TYPE_CHECKING:
    from outrig.api import ClusterFile, Node
    from outrig.errors import OutrigError
    from outrig_ray.clusters.bringing_up import Brought


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


class RayUp(Command):
    """Start a Ray cluster, or make it what its file says now."""

    summary = "Start a Ray cluster from a cluster file, or update it"
    details = (
        "Takes the nodes, copies file_mounts, runs the set-up commands and starts Ray, on all "
        "nodes at once; workers join when the head is ready. What was done already is not done "
        "again: with nothing changed this takes a second and leaves Ray alone. A step is repeated "
        "when it, or a step before it, has changed; Ray is started anew when commands have.\n"
        "\n"
        "When the head of a new cluster cannot be set up, everything is released again. Workers "
        "that fail are reported at once with what their command printed, and the exit code is 7; "
        "running this again repeats only what failed."
    )
    examples = (
        ("ray up cluster.yaml", "start it, or bring it up to date"),
        ("ray up cluster.yaml --restart-only", "start Ray anew on all nodes"),
        ("ray up cluster.yaml --no-restart", "repeat changed set-up, leave Ray alone"),
    )
    arguments = (FILE,)
    options = (
        NAME,
        option("min-workers", None, "stands over that of the file", value="N", type=_count),
        option("max-workers", None, "stands over that of the file", value="N", type=_count),
        option("no-restart", None, "leave Ray alone where it runs"),
        option("restart-only", None, "no set-up, only start Ray anew"),
        YES,
        NO_CACHE,
        option("redirect-command-output", None, "accepted; output is kept on the nodes anyway"),
        option("use-login-shells", None, "run commands in login shells (the default)"),
        option("use-normal-shells", None, "run commands in plain shells"),
        USAGE,
        *LOG_OPTIONS,
    )

    def handle(self) -> int:
        """Bring the cluster up."""
        options = self._options()
        overrides = ClusterOverrides(
            name=self.text("cluster-name"),
            min_workers=self.value("min-workers", int),
            max_workers=self.value("max-workers", int),
        )
        cluster = load_cluster_file(Path(self.word("cluster-config") or ""), overrides)
        for notice in cluster.notices:
            self.note(notice)
        observer = TerminalObserver(self)
        self.outrig.watch(observer)
        begin = time.monotonic()
        try:
            with interruptible(self.outrig):
                watcher = UpReport(self)
                brought = bring_up(self.outrig, cluster, options, watcher)
        except StepError as err:
            self._show_tail(err)
            raise
        finally:
            observer.finish()
        self._say(cluster, brought, time.monotonic() - begin)
        return 7 if brought.failed else 0

    def _options(self) -> UpOptions:
        if self.flag("no-restart") and self.flag("restart-only"):
            raise UsageError("--no-restart and --restart-only exclude each other")
        if self.flag("use-login-shells") and self.flag("use-normal-shells"):
            raise UsageError("--use-login-shells and --use-normal-shells exclude each other")
        restart = Restart.NEVER if self.flag("no-restart") else Restart.NEEDED
        if self.flag("restart-only"):
            restart = Restart.ALWAYS
        return UpOptions(restart=restart, plain=self.flag("use-normal-shells"))

    def _show_tail(self, err: StepError) -> None:
        for line in err.tail:
            self.note(f"  {line}")

    def _say(self, cluster: ClusterFile, brought: Brought, seconds: float) -> None:
        session = brought.cluster.session
        head = brought.cluster.head
        if not brought.changed and not brought.failed:
            self.note(f"{cluster.name}: nothing has changed ({seconds:.1f} s)")
        failed = len(brought.failed)
        if failed:
            self.warn(f"{failed} of {len(session.nodes) - 1} workers failed; see above")
        self.line(f"cluster {cluster.name}: head {head.address or head.id}")
        self.note(f"  a shell there: outrig ray attach {cluster.name}")
        self.note(f"  run something: outrig ray exec {cluster.name} 'ray status'")
        self.note(f"  its dashboard: outrig ray dashboard {cluster.name}")
        self.note(f"  take it down:  outrig ray down {cluster.name}")


class UpReport(Watcher):
    """Prints what happens on the nodes, each line with the node's name in front."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._lock = threading.Lock()

    def step(self, node: Node, title: str) -> None:
        """Say what begins."""
        self._note(node, title)

    def line(self, node: Node, text: str) -> None:
        """Pass on what commands print, with `-v`."""
        if self._command.verbosity >= 1:
            self._note(node, f"| {text}")

    def failed(self, _node: Node, error: OutrigError) -> None:
        """Say at once what failed, with the end of what it printed."""
        with self._lock:
            self._command.warn(str(error))
            for line in error.tail if isinstance(error, StepError) else ():
                self._command.note(f"  {line}")
            if error.hint:
                self._command.note(f"  {error.hint}")

    def notice(self, text: str) -> None:
        """Say it."""
        with self._lock:
            self._command.note(text)

    def _note(self, node: Node, text: str) -> None:
        with self._lock:
            self._command.note(f"[{node.role.value} {node.id}] {text}")
