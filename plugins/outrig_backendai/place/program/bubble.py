"""Runs by bubblewrap, where this user may open no namespaces but bubblewrap may."""

from __future__ import annotations

import os
import signal

from outrig_backendai.place.program.enter import follow, inner_environ, shell
from outrig_backendai.place.program.record import HOME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig_backendai.place.program.record import Inside

PROGRAM = "bwrap"
SHOWN = ("/usr", "/etc", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/sys")


def bubble_words(inside: Inside, script: str) -> list[str]:
    """Return bubblewrap's command line."""
    words = [PROGRAM, "--unshare-pid", "--unshare-uts", "--unshare-ipc", "--die-with-parent"]
    words += ["--hostname", inside.host, "--dev-bind", "/dev", "/dev", "--tmpfs", "/dev/shm"]  # noqa: S108
    words += ["--proc", "/proc", "--ro-bind-try", "/run", "/run"]
    for path in (*SHOWN, *inside.shown):
        if os.path.islink(path):
            words += ["--symlink", os.readlink(path), path]
        else:
            words += ["--ro-bind-try", path, path]
    for path in ("/tmp", "/var/tmp"):  # noqa: S108 - the session's own
        words += ["--bind", inside.own("tmp"), path]
    words += ["--bind", inside.home, HOME]
    for name in ("passwd", "group", "hosts"):
        words += ["--ro-bind", inside.own(name), "/etc/" + name]
    for one in inside.mounts:
        words += ["--ro-bind" if one.read_only else "--bind", one.source, one.target]
    return [*words, "--chdir", HOME, "--", shell(), "-c", script]


def run_in_bubble(inside: Inside, script: str) -> int:
    """Run a script by bubblewrap; returns how it ended as `waitpid` tells it."""
    words, environ = bubble_words(inside, script), inner_environ(inside, HOME)
    status = follow(lambda: os.execvpe(words[0], words, dict(environ, PATH=path_of(environ))))
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0
    return code - 128 if 128 < code < 128 + signal.NSIG else status


def path_of(environ: dict[str, str]) -> str:
    """Return where programs are looked for: the node's own places too, for bubblewrap itself."""
    return environ["PATH"] + os.pathsep + os.environ.get("PATH", os.defpath)


def try_bubble(inside: Inside) -> str:
    """Return what keeps bubblewrap from working here, empty where nothing does."""
    import subprocess

    try:
        tried = subprocess.run(
            bubble_words(inside, "exit 0"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
    except (FileNotFoundError, PermissionError):
        return "bubblewrap is not there"
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    said = tried.stderr.decode("utf-8", "replace").strip().splitlines()
    return "" if tried.returncode == 0 else (said or ["bubblewrap failed"])[-1]
