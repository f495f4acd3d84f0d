"""What `ray exec` and `ray submit` share: a command on the head, followed to its end."""

from __future__ import annotations

import re
import shlex
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import (
    ClusterOverrides,
    NewRun,
    TerminalObserver,
    exit_code,
    follow,
    interruptible,
    load_cluster_file,
    option,
    say_ends,
)
from outrig.errors import Interrupted, NotFoundError, UsageError
from outrig_ray.clusters.bringing_up import UpOptions, bring_up
from outrig_ray.clusters.container import inside
from outrig_ray.clusters.script import login_shell, needs_bash
from outrig_ray.clusters.steps import first_line
from outrig_ray.clusters.taking_down import take_down
from outrig_ray.launcher.up import UpReport
from outrig_ray.launcher.words import named_cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrig.api import Command, Session
    from outrig_ray.clusters.cluster import Cluster


def port_number(text: str) -> int:
    """Read a port; raises `ValueError`."""
    number = int(text)
    if not 0 < number < 65536:
        raise ValueError(text)
    return number


PORT_FORWARD = option(
    "port-forward",
    "p",
    "reach this port of the head on this computer meanwhile",
    value="PORT",
    type=port_number,
    repeat=True,
)
START = option("start", None, "bring the cluster up first, if it is not there")
TMUX = option("tmux", None, "run it in tmux on the head, and return at once")
SCREEN = option("screen", None, "run it in screen on the head, and return at once")
RUN_OPTIONS = (
    option(
        "run-env",
        None,
        "where to run it: in the container, on the host, or in the container if there is one",
        choices=("auto", "host", "docker"),
        default="auto",
    ),
    option("stop", None, "take the cluster down when it has ended"),
    START,
    SCREEN,
    TMUX,
    PORT_FORWARD,
)


def running_cluster(command: Command) -> Cluster:
    """Return the cluster that was named; with --start it is brought up if it is not there."""
    try:
        return named_cluster(command)
    except NotFoundError:
        named = Path(command.word("cluster-config") or "").expanduser()
        if not command.flag("start") or not named.is_file():
            raise
    overrides = ClusterOverrides(name=command.text("cluster-name"))
    file = load_cluster_file(named, overrides)
    return bring_up(command.outrig, file, UpOptions(), UpReport(command)).cluster


def run_on_head(
    command: Command, text: str, prepare: Callable[[Cluster], str] | None = None
) -> int:
    """Run shell text on the head of the named cluster, and return its exit code.

    `prepare` returns shell text that runs before, in the session's directory.
    """
    if command.flag("tmux") and command.flag("screen"):
        raise UsageError("--tmux and --screen exclude each other")
    outrig = command.outrig
    observer = TerminalObserver(command)
    outrig.watch(observer)
    try:
        with interruptible(outrig):
            cluster = running_cluster(command)
            first = f"(\n{prepare(cluster)}) || exit 125\n" if prepare is not None else ""
            if command.flag("tmux") or command.flag("screen"):
                return _start_apart(command, cluster, text, first)
            try:
                return _follow(command, cluster, text, first)
            finally:
                if command.flag("stop"):
                    with outrig.cancel.passed_over():
                        ended = take_down(outrig, cluster)
                    command.note(f"{cluster.name} is {ended.state.value}")
    finally:
        observer.finish()


def run_plainly(command: Command, text: str) -> int:
    """Run shell text on the head of the named cluster, which is there; returns its exit code."""
    observer = TerminalObserver(command)
    command.outrig.watch(observer)
    try:
        with interruptible(command.outrig):
            cluster = named_cluster(command)
            session = cluster.session
            script = needs_bash(_placed(command, cluster, text))
            run = NewRun(script=script, command=first_line(text), on="head")
            runs = follow(command, session, command.outrig.execute(session, [run]))
    finally:
        observer.finish()
    say_ends(command, session, runs)
    return exit_code(runs[0])


def _placed(command: Command, cluster: Cluster, text: str) -> str:
    """Return shell text that runs a command on the head, or in the container there."""
    named = command.definition.has_option("run-env")
    wanted = command.text("run-env") if named else "auto"
    container = cluster.container(cluster.head)
    if wanted == "docker" and container is None:
        raise UsageError(f"--run-env docker: cluster {cluster.name} has no container")
    if container is None or wanted == "host":
        return login_shell(text)
    return inside(container, login_shell(text))


def _follow(command: Command, cluster: Cluster, text: str, first: str) -> int:
    session = cluster.session
    with forwarding(command, session):
        script = first + needs_bash(_placed(command, cluster, text))
        run = NewRun(script=script, command=first_line(text), on="head")
        runs = follow(command, session, command.outrig.execute(session, [run]))
    say_ends(command, session, runs)
    return exit_code(runs[0])


def _start_apart(command: Command, cluster: Cluster, text: str, first: str) -> int:
    """Start it in a terminal of its own on the head; what it prints is kept as ever."""
    script = _placed(command, cluster, text)
    if command.flag("screen"):
        name = re.sub(r"[^A-Za-z0-9_-]", "-", cluster.name)
        script = f"screen -DmS {name} sh -c {shlex.quote(script)}"
    if command.flag("stop"):
        raise UsageError(
            "--stop needs somebody who waits for the end",
            hint="leave --tmux and --screen out; Ctrl-C leaves the command running",
        )
    run = NewRun(
        script=first + needs_bash(script),
        command=first_line(text),
        on="head",
        tmux=command.flag("tmux"),
    )
    started = command.outrig.execute(cluster.session, [run])[0]
    kind = "tmux" if command.flag("tmux") else "screen"
    command.line(started.id)
    command.note(f"started in {kind}; see it: outrig ray attach {cluster.name} --{kind}")
    command.note(f"what it prints: outrig run logs -f {started.id}")
    return 0


@contextmanager
def forwarding(command: Command, session: Session) -> Iterator[None]:
    """Lead the ports that were asked for to the head, for as long as this lasts."""
    ports = [int(one) for one in command.option("port-forward")]
    forwards = [command.outrig.forward(session, (port, port)) for port in ports]
    for one, port in zip(forwards, ports, strict=True):
        threading.Thread(target=_serve, args=(one.serve,), daemon=True).start()
        command.note(f"localhost:{one.port} leads to port {port} of the head")
    yield


def _serve(serve: Callable[[], None]) -> None:
    try:
        serve()
    except Interrupted:
        return
