"""The end of a session on a node: its runs, its processes, its files; and what else can go."""

from __future__ import annotations

import json
import os
import signal
import time

from outrig.node.program.call import SessionLock
from outrig.node.program.cgroup import remove_group
from outrig.node.program.keeper import run_keeper
from outrig.node.program.kept import keep_tree, kept_trees
from outrig.node.program.leftovers import leftovers
from outrig.node.program.lifetime import cancel_run
from outrig.node.program.place import Refused, checked_name, exists, mark
from outrig.node.program.proc import marked, processes, send_signal
from outrig.node.program.record import lock_is_free, read_fields
from outrig.node.program.runs import known_runs
from outrig.node.program.wake import ensure_keeper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.call import Call
    from outrig.node.program.place import Root

END_MARGIN_S = 10.0


def handle_end_session(root: Root, call: Call) -> dict[str, object]:
    """End a session's runs and remove all that is kept of it; one that is missing is fine."""
    session = checked_name("session", call.text("session"))
    directory = root.session(session)
    if not exists(directory):
        return {}
    grace_s = call.number("grace_s")
    mark(directory + "/ended", json.dumps({"reason": "ended by its user"}).encode("ascii"))
    runs = sorted(known_runs(root, session))
    started = [run for run in runs if exists(root.run(run))]
    for run in started:
        if not exists(root.run(run) + "/exit"):
            cancel_run(root, run, grace_s, None)
    ensure_keeper(root, run_keeper)
    deadline = time.monotonic() + grace_s + END_MARGIN_S
    wait_for_ends(root, call, started, deadline)
    end_processes(call, session, grace_s)
    wait_for_shims(root, call, started, deadline)
    remove_group(session)
    for run in started:
        root.discard(root.run(run))
    with SessionLock(directory + "/lock", call):
        keep_tree(root, session, int(call.number("keep_bytes")))
    ensure_keeper(root, run_keeper)
    return {}


def wait_for_ends(root: Root, call: Call, runs: list[str], deadline: float) -> None:
    """Wait until every run has ended."""
    for run in runs:
        directory = root.run(run)
        while exists(directory + "/spec") and not exists(directory + "/exit"):
            pause(call, deadline)


def wait_for_shims(root: Root, call: Call, runs: list[str], deadline: float) -> None:
    """Wait until nobody writes to the runs' directories any more."""
    for run in runs:
        while not lock_is_free(root.run(run) + "/lock"):
            pause(call, deadline)


def pause(call: Call, deadline: float) -> None:
    call.check()
    if time.monotonic() > deadline:
        raise Refused("the session's runs do not end", hint="stop it once more")
    time.sleep(0.005)


def end_processes(call: Call, session: str, grace_s: float) -> None:
    """End what runs left behind in the background, and consoles: TERM, a grace, KILL."""
    mark = b"OUTRIG_SESSION=" + session.encode("ascii")
    deadline, number_of = time.monotonic() + grace_s, int(signal.SIGTERM)
    left = marked(mark, [pid for pid in processes() if pid != os.getpid()])
    while left:
        for pid in left:
            send_signal(pid, number_of)
        while left and (number_of == signal.SIGTERM and time.monotonic() < deadline):
            call.check()
            time.sleep(0.01)
            left = marked(mark, left)
        if number_of == signal.SIGKILL:
            time.sleep(0.01)
            left = marked(mark, [pid for pid in processes() if pid != os.getpid()])
        number_of = int(signal.SIGKILL)


def handle_inventory(root: Root, _call: Call) -> dict[str, object]:
    """Tell which sessions are kept, which ended by themselves, and what no session uses."""
    sessions = sorted(os.listdir(root.path + "/s"))
    used = {used_environment(root, session) for session in sessions}
    names = os.listdir(root.path + "/env")
    unused = sorted(name for name in names if "." not in name and name not in used)
    endings = {session: read_fields(root.session(session) + "/ended") for session in sessions}
    ended = {session: str(one.get("reason")) for session, one in endings.items() if one}
    kept_bytes = sum(one.size for one in kept_trees(root))
    return {
        "sessions": sessions,
        "ended": ended,
        "environments": unused,
        "kept_bytes": kept_bytes,
        "leftovers": leftovers(root),
    }


def used_environment(root: Root, session: str) -> str:
    fields = read_fields(root.session(session) + "/environment") or {}
    return str(fields.get("digest", ""))


def handle_remove_environment(root: Root, call: Call) -> dict[str, object]:
    """Remove an environment that no session uses."""
    digest = checked_name("environment", call.text("digest"))
    path = root.environment(digest)
    if not exists(path):
        return {"removed": True}
    with SessionLock(path + ".lock", call):
        for session in os.listdir(root.path + "/s"):
            if used_environment(root, session) == digest:
                return {"removed": False}
        root.discard(path)
    return {"removed": True}
