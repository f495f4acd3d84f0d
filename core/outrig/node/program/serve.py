"""The role `serve`: one per connection, without any state of its own; a thread per call."""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
import traceback

from outrig.node.program.call import Call, Stopped, moments
from outrig.node.program.checkup import handle_check
from outrig.node.program.console import handle_console
from outrig.node.program.dropped import DroppedRuns
from outrig.node.program.ending import (
    handle_end_session,
    handle_inventory,
    handle_remove_environment,
)
from outrig.node.program.environment import (
    environment_container,
    environment_variables,
    handle_can_prepare,
    handle_prepare,
    optional_text,
)
from outrig.node.program.files import handle_list_files, handle_read_file, handle_write_file
from outrig.node.program.keeper import run_keeper
from outrig.node.program.leftovers import handle_remove_leftover
from outrig.node.program.lifetime import arm, interruption, touch
from outrig.node.program.metrics import read_metrics
from outrig.node.program.piped import handle_program
from outrig.node.program.place import Refused, Root, checked_name
from outrig.node.program.record import Spec, number
from outrig.node.program.runs import (
    Submission,
    Watched,
    base_environ,
    cancel,
    existing_session,
    file_size,
    known_runs,
    read_log,
    run_state,
    submit,
)
from outrig.node.program.slots import Slots
from outrig.node.program.sync import handle_sync
from outrig.node.program.usage import live_usage
from outrig.node.program.wake import ensure_keeper, revive_keeper
from outrig.node.program.wire import (
    CALL,
    DATA,
    END,
    FAIL,
    REPLY,
    STOP,
    BrokenWireError,
    Frame,
    FrameWriter,
    read_frame,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    Handler = Callable[[Root, Call], "dict[str, object]"]

KEEPER_LOOK_S = 1.0
LOGIN_VARIABLES = ("SSH_CLIENT", "SSH2_CLIENT", "SSH_CONNECTION", "SSH_TTY")
"""Runs outlive the login; and bash, where it sees these, takes a run for one and reads .bashrc."""
MOST_MEASURED = 32
LEAVE_S = 5.0


def handle_execute(root: Root, call: Call) -> dict[str, object]:
    session = existing_session(root, call.text("session"))
    digest = optional_text(call.fields.get("env"))
    container = environment_container(root, digest, session)
    tasks, cap = call.objects("tasks"), int(call.number("cap"))
    group, priority = optional_text(call.fields.get("group")), call.fields.get("priority")
    submission = Submission(
        root, session, tasks, cap, container, group or "", number(priority) or 0
    )
    submit(root, submission, base_environ(session, environment_variables(root, digest)))
    return {}


def handle_observe(root: Root, call: Call) -> dict[str, object]:
    states = states_of(root, call.objects("runs"))
    if len(states) <= MOST_MEASURED:
        for state in states:
            if state["status"] == "RUNNING":
                state["usage"] = live_usage(root.run(str(state["id"])))
    going = any(state["status"] in ("QUEUED", "RUNNING") for state in states)
    if going:
        revive_keeper(root, run_keeper)
    return {"states": states}


def handle_can_run(_root: Root, call: Call) -> dict[str, object]:
    Slots().check(Spec(dict(call.fields, run="", session="", script="")))
    return {}


def states_of(root: Root, asked: list[dict[str, object]]) -> list[dict[str, object]]:
    known: dict[str, set[str]] = {}
    dropped = DroppedRuns(root)
    states = []
    for one in asked:
        session = checked_name("session", one.get("session"))
        if session not in known:
            known[session] = known_runs(root, session)
        run = checked_name("run", one.get("run"))
        states.append(run_state(root, run, known[session], dropped.has(session, run)))
    return states


def handle_wait(root: Root, call: Call) -> dict[str, object]:
    asked = call.objects("runs")
    dropped = DroppedRuns(root)
    watched = [Watched(root, one, dropped) for one in asked]
    look_again = 0.0
    for _ in moments(call.number("timeout_s")):
        if any(one.changed() for one in watched) or all(one.over() for one in watched):
            break
        call.check()
        if time.monotonic() >= look_again:
            ensure_keeper(root, run_keeper)
            look_again = time.monotonic() + KEEPER_LOOK_S
    states = states_of(root, asked)
    for state, one in zip(states, watched):
        state.update(out=file_size(one.run + "/out"), err=file_size(one.run + "/err"))
    return {"states": states, "notice": interruption()}


def handle_read_log(root: Root, call: Call) -> dict[str, object]:
    run, stream = checked_name("run", call.text("run")), call.text("stream")
    if stream not in ("out", "err"):
        raise Refused("there is no stream %r" % stream, "usage")
    offset, size = int(call.number("offset")), int(call.number("size"))
    data, over = read_log(root, run, stream, offset, size)
    if data:
        call.send(data)
    return {"ended": over}


def handle_cancel(root: Root, call: Call) -> dict[str, object]:
    session = optional_text(call.fields.get("session"))
    runs = [checked_name("run", run) for run in call.texts("runs")]
    cancel(root, runs, call.number("grace_s"), session and checked_name("session", session))
    return {}


def handle_metrics(root: Root, call: Call) -> dict[str, object]:
    for run in call.texts("runs"):
        lines = read_metrics(root.run(checked_name("run", run)))
        if lines:
            call.send(run.encode("ascii") + b"\n" + lines)
    return {}


def handle_arm(root: Root, call: Call) -> dict[str, object]:
    session = existing_session(root, call.text("session"))
    arm(root, session, call.fields)
    ensure_keeper(root, run_keeper)
    return {}


def handle_touch(root: Root, call: Call) -> dict[str, object]:
    touch(root, existing_session(root, call.text("session")))
    return {}


HANDLERS: dict[str, Handler] = {
    "arm": handle_arm,
    "cancel": handle_cancel,
    "can_prepare": handle_can_prepare,
    "can_run": handle_can_run,
    "check": handle_check,
    "console": handle_console,
    "end_session": handle_end_session,
    "execute": handle_execute,
    "inventory": handle_inventory,
    "list_files": handle_list_files,
    "metrics": handle_metrics,
    "observe": handle_observe,
    "prepare": handle_prepare,
    "program": handle_program,
    "read_file": handle_read_file,
    "read_log": handle_read_log,
    "remove_environment": handle_remove_environment,
    "remove_leftover": handle_remove_leftover,
    "sync": handle_sync,
    "touch": handle_touch,
    "wait": handle_wait,
    "write_file": handle_write_file,
}


class Server:
    """Reads calls from one stream, answers them on another."""

    def __init__(self, root: Root, source: BinaryIO, writer: FrameWriter) -> None:
        self.root = root
        self.source = source
        self.writer = writer
        self.calls: dict[int, Call] = {}

    def main(self) -> None:
        """Serve until the client hangs up."""
        try:
            while True:
                frame = read_frame(self.source)
                if frame is None:
                    break
                self.take(frame)
        except (BrokenWireError, OSError) as error:
            print("outrig node: %s" % error, file=sys.stderr)  # noqa: T201 - a pipe to the client
        self.leave()

    def take(self, frame: Frame) -> None:
        if frame.kind == CALL:
            call = Call(frame.request, frame.fields(), self.writer)
            self.calls[frame.request] = call
            threading.Thread(target=self.answer, args=(call,), daemon=True).start()
            return
        found = self.calls.get(frame.request)
        if found is None:
            return  # it was answered already
        if frame.kind == DATA:
            found.put(frame.payload)
        elif frame.kind == END:
            found.put(None)
        elif frame.kind == STOP:
            found.stopped.set()

    def answer(self, call: Call) -> None:
        try:
            kind, reply = self.result(call)
            self.calls.pop(call.request, None)
            call.stopped.set()
            self.writer.send(kind, call.request, reply)
        except (OSError, ValueError):
            pass  # the client is gone

    def result(self, call: Call) -> tuple[int, dict[str, object]]:
        """Return what is sent back: the handler's answer, or why there is none."""
        try:
            handler = HANDLERS.get(call.text("op"))
            if handler is None:
                raise Refused("this node program has no %r" % call.fields.get("op"))
            return REPLY, handler(self.root, call)
        except Refused as refused:
            failure = {"kind": refused.kind, "message": refused.message, "hint": refused.hint}
        except Stopped:
            failure = {"kind": "stopped", "message": "stopped", "hint": None}
        except OSError as error:
            failure = {"kind": "remote", "message": told_with_place(error, self.root), "hint": None}
        except Exception as error:
            traceback.print_exc()
            failure = {
                "kind": "bug",
                "message": "%s: %s" % (type(error).__name__, error),
                "hint": None,
            }
        return FAIL, dict(failure)

    def leave(self) -> None:
        """Let what is going on come to its end, and go."""
        calls = list(self.calls.values())
        for call in calls:
            call.stopped.set()
        deadline = time.monotonic() + LEAVE_S
        while self.calls and time.monotonic() < deadline:
            time.sleep(0.005)


def told_with_place(error: OSError, root: Root) -> str:
    """Say what went wrong and where; what fills up without naming a file is the root's disk."""
    where = error.filename if isinstance(error.filename, str) else ""
    if not where and error.errno in (errno.ENOSPC, errno.EDQUOT):
        where = root.path
    return "%s%s" % (error.strerror or error, " (%s)" % where if where else "")


def default_root() -> str:
    """Return the node root that is used when the client names none."""
    base = os.environ.get("XDG_DATA_HOME", "")
    if not base.startswith("/"):
        base = os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(base, "outrig", "node-1", machine_id())


def machine_id() -> str:
    """Return what tells machines with a common home directory apart."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            with open(path) as source:
                text = source.read().strip()
        except OSError:
            continue
        if text.isalnum():
            return text
    return os.uname().nodename or "machine"


def run_serve(root_path: str) -> None:
    """Serve the client at standard input and output."""
    os.umask(0o022)
    for name in LOGIN_VARIABLES:
        os.environ.pop(name, None)
    root = Root(root_path or default_root())
    writer = FrameWriter(os.fdopen(os.dup(1), "wb", buffering=1 << 16))
    source = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)  # nothing but frames may get on the pipe
    hello: dict[str, object] = {
        "root": root.path,
        "python": "%d.%d.%d" % sys.version_info[:3],
        "pid": os.getpid(),
    }
    try:
        root.make()
    except OSError as error:
        hello["problem"] = "node root %s: %s" % (root.path, error.strerror)
    writer.send(REPLY, 0, hello)
    if "problem" not in hello:
        Server(root, source, writer).main()
    sys.stderr.flush()
    os._exit(0)
