"""The shim: one process per running command, its parent, which writes down how it ended.

The command's output goes to files, never to pipes, so that nothing of ours is needed for it to go
on. The end is written down before the command is reaped: if the shim is killed before that, the
keeper inherits the command, even as a zombie, and writes it down instead.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import time

from outrig.node.program.command import STARTED_BEFORE, become_command, told
from outrig.node.program.limits import KILLED, limiter_for
from outrig.node.program.place import exists
from outrig.node.program.proc import (
    PR_SET_PDEATHSIG,
    Alarm,
    become_subreaper,
    descendants,
    prctl,
    send_signal,
    signal_tree,
)
from outrig.node.program.record import (
    Ending,
    ending_of,
    number,
    read_fields,
    read_spec,
    reserve,
)
from outrig.node.program.usage import write_usage
from outrig.node.program.wake import ensure_keeper, poke

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.command import Launch
    from outrig.node.program.record import Spec

LEFTOVER_GRACE_S = 5.0
PARENT_DIED = signal.SIGUSR1
LOOK_AT_CANCEL = signal.SIGUSR2


class Shim:
    """Follows one command from its start to its end."""

    def __init__(self, launch: Launch, alarm: Alarm) -> None:
        self.launch = launch
        self.alarm = alarm
        self.lock = -1
        self.spec = launch.spec
        self.directory = launch.directory
        self.limiter = limiter_for(launch.spec)
        self.asked: dict[str, object] | None = None
        self.kill_at = 0.0
        self.child = 0

    def main(self) -> bool:
        """Run the command to its end, unless it was started before.

        Return whether all went well, so that this process can do the same for another run.
        """
        if not self.take_lock():
            return False
        if self.has_no_keeper():
            self.replace_keeper()
        if exists(self.directory + "/started") or exists(self.directory + "/exit"):
            return False
        reserve(self.directory + "/exit.new")
        if exists(self.directory + "/cancel"):
            Ending("CANCELLED", None, "cancelled before it started").write(self.directory)
            return False
        try:
            reserve(self.directory + "/started.new")
            self.limiter.create()
            problem = self.start()
        except OSError as error:
            Ending("FAILED", 125, "the node cannot start it: " + told(error)).write(self.directory)
            return False
        if problem == STARTED_BEFORE:
            return False
        self.follow(problem)
        return not problem and not self.spec.background and not self.has_no_keeper()

    def has_no_keeper(self) -> bool:
        """Whether the keeper that this was forked from is gone."""
        return os.getppid() != self.launch.keeper

    def take_lock(self) -> bool:
        self.lock = os.open(self.directory + "/lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        os.ftruncate(self.lock, 0)
        os.pwrite(self.lock, b"%d" % os.getpid(), 0)
        return True

    def replace_keeper(self) -> None:
        """The keeper died: start a new one, which must not become a descendant of ours."""
        become_subreaper(False)
        try:
            ensure_keeper(self.launch.root, self.launch.keep)
        except OSError:
            pass  # the node root was removed: there is nothing to keep
        finally:
            become_subreaper()

    def start(self) -> str:
        """Fork the command; return what kept it from running, empty if nothing did."""
        read_end, write_end = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            try:
                become_command(self.launch, self.limiter.apply, self.limiter.prefix(), self.lock)
            except BaseException as error:  # nothing may go back into the shim's code
                os.write(write_end, told(error).encode("utf-8", "replace")[:400])
            finally:
                os._exit(127)
        os.close(write_end)
        with open(read_end, "rb", buffering=0) as source:
            return source.read(400).decode("utf-8", "replace")

    def follow(self, problem: str) -> None:
        started = time.monotonic()
        while True:
            ended = self.reap()
            if ended is not None:
                break
            self.obey_cancel()
            looks = self.look_at_memory()
            waits = [one for one in (self.enforce(time.monotonic() - started), looks) if one]
            select.select([self.alarm.fd], [], [], min(waits) if waits else None)
            if PARENT_DIED in self.alarm.drain():
                self.replace_keeper()
        self.end(ended, problem)

    def reap(self) -> tuple[int, int] | None:
        """Reap what descends; return code and status of the command itself, not reaped yet."""
        while True:
            try:
                info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return None
            if info is None:
                return None
            if info.si_pid == self.child:
                return info.si_code, info.si_status
            os.waitpid(info.si_pid, 0)

    def obey_cancel(self) -> None:
        if self.asked is None and exists(self.directory + "/cancel"):
            asked = read_fields(self.directory + "/cancel") or {}
            self.stop(asked, number(asked.get("grace_s")) or 0.0)

    def stop(self, asked: dict[str, object], grace_s: float) -> None:
        self.asked = asked
        self.kill_at = time.monotonic() + grace_s
        signal_tree(os.getpid(), signal.SIGTERM, self.child)
        signal_tree(os.getpid(), signal.SIGCONT, self.child)

    def look_at_memory(self) -> float | None:
        """Look at what the run takes where only that tells; return when to look again."""
        every_s = self.limiter.every_s
        if every_s is None or self.asked is not None:
            return None
        if self.limiter.is_exceeded_by(descendants(os.getpid())):
            reason = self.limiter.exceeded()
            self.stop({"status": "FAILED", "code": KILLED, "reason": reason}, 0.0)
        return every_s

    def enforce(self, age_s: float) -> float | None:
        """Act on the time limit and on the grace; return how many seconds to sleep at most."""
        limit = self.spec.timeout_s
        if self.asked is None:
            if not limit:
                return None
            if age_s < limit:
                return limit - age_s
            reason = "timed out after %g s" % limit
            self.stop({"status": "FAILED", "code": 124, "reason": reason}, LEFTOVER_GRACE_S)
        left = self.kill_at - time.monotonic()
        if left > 0:
            return left
        self.limiter.kill()
        signal_tree(os.getpid(), signal.SIGKILL, self.child)
        return 0.2

    def end(self, ended: tuple[int, int], problem: str) -> None:
        ending = ending_of(ended[0], ended[1], self.asked)
        if problem:
            ending = Ending("FAILED", ending.code, problem)
        elif self.asked is None:
            ending.reason = self.limiter.reason(ending.code) or ending.reason
        try:
            ending.write(self.directory)
        except FileNotFoundError:
            pass  # the node root was removed: what is left must end all the same
        _, _, usage = os.wait4(self.child, 0)
        write_usage(self.directory, usage)
        if not self.spec.background:
            self.end_leftovers()
        self.limiter.remove()
        if self.has_no_keeper():
            poke(self.launch.root)

    def end_leftovers(self) -> None:
        """End what the command left behind: TERM, a grace, KILL."""
        deadline, number_to_send = time.monotonic() + LEFTOVER_GRACE_S, int(signal.SIGTERM)
        while self.has_children():
            signal_tree(os.getpid(), number_to_send)
            wait = 0.2 if number_to_send == signal.SIGKILL else deadline - time.monotonic()
            while wait > 0 and self.has_children():
                before = time.monotonic()
                select.select([self.alarm.fd], [], [], wait)
                if PARENT_DIED in self.alarm.drain():
                    self.replace_keeper()
                wait -= time.monotonic() - before
            number_to_send = int(signal.SIGKILL)

    def has_children(self) -> bool:
        """Reap what ended; say whether anything lives on."""
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True


def run_shim(launch: Launch, orders: int, reports: int) -> None:
    """Be the shim of a run, in a process forked for it, and then of others that are ordered.

    `orders` are ids of runs of the same batch, a line each, `reports` this process's id whenever it
    is free again. An empty order, or a run that did not end as usual, ends it; so does its first
    run where `orders` is -1.
    """
    alarm = Alarm(())  # the keeper, whose fork this is, has set the handlers
    become_subreaper()
    prctl(PR_SET_PDEATHSIG, PARENT_DIED)
    while True:
        shim = Shim(launch, alarm)
        if not shim.main() or orders < 0:
            return
        os.close(shim.lock)
        try:
            os.write(reports, b"%d\n" % os.getpid())
        except BrokenPipeError:
            pass  # the keeper died: the orders are at their end
        spec = next_spec(shim, orders)
        if spec is None:
            return
        launch = launch.of(spec)


def next_spec(shim: Shim, orders: int) -> Spec | None:
    """Wait for an order; `None` when there will be none."""
    while True:
        ready, _, _ = select.select([orders, shim.alarm.fd], [], [])
        if orders in ready:
            order = os.read(orders, 256)
            if not order:
                shim.replace_keeper()
            run = order.strip().decode("ascii")
            return read_spec(shim.launch.root.run(run)) if run else None
        shim.alarm.drain()  # when the keeper died, the orders are at their end too


def shim_pid(directory: str) -> int:
    """Return the process that follows a run, 0 if it is not known."""
    fields = read_whole_text(directory + "/lock")
    return int(fields) if fields.isdigit() else 0


def read_whole_text(path: str) -> str:
    try:
        with open(path) as source:
            return source.read(32)
    except (OSError, UnicodeDecodeError):
        return ""


def tell_shim(directory: str) -> None:
    """Make a run's shim look at `cancel`."""
    pid = shim_pid(directory)
    if pid:
        send_signal(pid, LOOK_AT_CANCEL)
