"""Setting a session's inside up on its node: directories, names of users and hosts, Python."""

from __future__ import annotations

import fcntl
import os

from outrig_backendai.place.program.enter import shell
from outrig_backendai.place.program.means import (
    IMAGE,
    OPEN,
    choose_means,
    note_means,
    open_the_way,
)
from outrig_backendai.place.program.python import make_venv, python_facts
from outrig_backendai.place.program.record import HOME, Wrong, write_text
from outrig_backendai.place.program.worker import give_over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig_backendai.place.program.record import Inside
    from outrig_backendai.place.program.worker import Worker


def set_up(inside: Inside, worker: Worker) -> tuple[str, str]:
    """Make all of it, as far as it is not there; returns the means and why no better one.

    Of several at once one makes it, and the others wait.
    """
    lock = os.open(inside.own("lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return make_parts(inside, worker)
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)  # what it left running has it, too
        os.close(lock)


def make_parts(inside: Inside, worker: Worker) -> tuple[str, str]:
    os.makedirs(inside.home, mode=0o755, exist_ok=True)
    os.makedirs(inside.own("tmp"), exist_ok=True)
    os.chmod(inside.own("tmp"), 0o1777)  # noqa: S103 - as any /tmp
    write_users(inside, worker)
    write_hosts(inside)
    facts: dict[str, str] = {}
    if inside.interpreter and not inside.image:
        facts = python_facts(inside.interpreter, inside.cache)
        inside.shown.append(facts["prefix"])
        write_text(inside.own("prefix"), facts["prefix"])
    means, reason = choose_means(inside, worker)
    if inside.interpreter and means != IMAGE:
        make_venv(inside.home, inside.home if means == OPEN else HOME, facts)
    if means == OPEN:
        for path in filter(None, (inside.home, facts.get("executable"))):
            open_the_way(path, worker)
        link_mounts(inside)
    give_over(inside.home, worker)
    note_means(inside, means, reason)
    return means, reason


def write_users(inside: Inside, worker: Worker) -> None:
    """Write the users and groups as they are seen inside: the worker is called `work`."""
    user = "work:x:%d:%d:work:%s:%s" % (worker.uid, worker.gid, HOME, shell())
    group = "work:x:%d:" % worker.gid
    write_text(inside.own("passwd"), with_own("/etc/passwd", user, worker.uid))
    write_text(inside.own("group"), with_own("/etc/group", group, worker.gid))


def with_own(path: str, line: str, number: int) -> str:
    """Return a file of accounts with a line of ours, for those of its name and number."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as source:
            lines = source.read().splitlines()
    except OSError:
        lines = []
    others = [one for one in lines if one.split(":")[0] != "work"]
    others = [one for one in others if one.split(":")[2:3] != [str(number)]]
    return "\n".join([line, *others, ""])


def write_hosts(inside: Inside) -> None:
    """Write the names of hosts: the node's own, and those of the session's cluster."""
    try:
        with open("/etc/hosts", encoding="utf-8", errors="surrogateescape") as source:
            lines = source.read().splitlines()
    except OSError:
        lines = ["127.0.0.1 localhost"]
    own = {inside.host: "127.0.0.1", **inside.hosts}
    lines += ["%s\t%s" % (address, name) for name, address in own.items()]
    write_text(inside.own("hosts"), "\n".join([*lines, ""]))


def link_mounts(inside: Inside) -> None:
    """Where nothing can be mounted, a mount is a link to what it shows."""
    for one in inside.mounts:
        if not os.path.isdir(one.source):
            raise Wrong("%s cannot be mounted: No such file or directory" % one.source)
        path = inside.home + one.target[len(HOME) :]
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.lexists(path):
            os.symlink(one.source, path)
