"""Runs in a container engine's image, each in a container of its own that sees one directory."""

from __future__ import annotations

import os
import signal

from outrig_backendai.place.program.enter import PASSED_ON, follow, inner_environ
from outrig_backendai.place.program.record import HOME, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig_backendai.place.program.record import Inside
    from outrig_backendai.place.program.worker import Worker

ANY_SHELL = 'if command -v bash >/dev/null; then exec bash -c "$0"; else exec sh -c "$0"; fi'
LABEL = "outrig.session"
GRACE_S, KILLED = 2.0, 137
IGNORED = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
"""TERM is not among them: see `end_when_told`."""


def run_in_image(inside: Inside, worker: Worker, script: str) -> int:
    """Run a script in a new container; returns how it ended as `waitpid` tells it."""
    name = "outrig-bai-" + os.urandom(8).hex()
    environ = dict(os.environ, **inner_environ(inside, HOME))
    words = container_words(inside, worker, name, script)
    end_when_told(inside.engine, name)
    status = follow(lambda: os.execve(words[0], words, environ), ignores=IGNORED)
    if inside.memory_mib and os.WIFEXITED(status) and os.WEXITSTATUS(status) == KILLED:
        say("killed; memory limit %d MiB" % inside.memory_mib)
    return status


def end_when_told(engine: str, name: str) -> None:
    """Have the container end a while after this process was told to: it may not heed TERM."""

    def remove(_number: int, _frame: object) -> None:
        ask(engine, "kill", name)

    signal.signal(signal.SIGALRM, remove)
    signal.signal(signal.SIGTERM, lambda *_: signal.setitimer(signal.ITIMER_REAL, GRACE_S))


def container_words(inside: Inside, worker: Worker, name: str, script: str) -> list[str]:
    """Return the command line of the engine."""
    words = [inside.engine, "run", "--rm", "--interactive", "--name", name, "--network", "host"]
    words += ["--security-opt", "label=disable", "--workdir", HOME, "--uts", "private"]
    words += ["--hostname", inside.host, "--shm-size", "%dm" % inside.shmem_mib]
    words += ["--label", "%s=%s" % (LABEL, os.environ.get("OUTRIG_SESSION", ""))]
    words += ["--security-opt", "no-new-privileges", *user_words(inside.engine, worker)]
    if os.isatty(0):
        words.append("--tty")
    for source, target in ((inside.home, HOME), (inside.own("tmp"), "/tmp")):  # noqa: S108
        words += ["--volume", "%s:%s" % (source, target)]
    for one in inside.mounts:
        mode = "ro" if one.read_only else "rw"
        words += ["--volume", "%s:%s:%s" % (one.source, one.target, mode)]
    for host, address in inside.hosts.items():
        words += ["--add-host", "%s:%s" % (host, address)]
    names = {*inside.environ, *PASSED_ON, "HOME", "USER", "LOGNAME"} - {"PATH"}
    for name_of in sorted(names):
        words += ["--env", name_of]
    words += limit_words(inside)
    return [*words, "--entrypoint", "sh", inside.image, "-c", ANY_SHELL, script]


def user_words(engine: str, worker: Worker) -> list[str]:
    """Return what makes the container's program the worker's."""
    if not worker.dropped and os.path.basename(engine) == "podman":
        return ["--userns", "keep-id"]
    return ["--user", "%d:%d" % (worker.uid, worker.gid)]


def limit_words(inside: Inside) -> list[str]:
    """Return what holds the container to the session's resources."""
    words = []
    if inside.memory_mib:
        size = "%dm" % inside.memory_mib
        words += ["--memory", size, "--memory-swap", size]
    if inside.cpu:
        words += ["--cpus", "%g" % inside.cpu]
    if inside.devices:
        words += ["--gpus", '"device=%s"' % ",".join(inside.devices)]
    return words


def ask(engine: str, *words: str) -> str:
    """Run a short command of the engine; returns what it printed, nothing where it failed."""
    import subprocess

    try:
        asked = subprocess.run(
            [engine, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=120
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.decode("utf-8", "replace").strip() if asked.returncode == 0 else ""
