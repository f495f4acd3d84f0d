"""The keeper: the one process that starts runs, as slots and caps allow.

There is at most one per node root, and none when nothing runs, waits or is armed. It may be killed
at any moment: all it knows it reads again from the files of the runs and batches.
"""

from __future__ import annotations

import fcntl
import gc
import os
import select
import signal
import time

from outrig.node.program.adopt import Adopted
from outrig.node.program.batch import Batch, waiting_batches
from outrig.node.program.lifetime import Lifetimes
from outrig.node.program.place import append_line, exists, write_file
from outrig.node.program.proc import PR_SET_NAME, Alarm, become_subreaper, prctl
from outrig.node.program.record import Ending, lock_is_free, read_spec, reserve
from outrig.node.program.shim import LOOK_AT_CANCEL, PARENT_DIED, Launch, run_shim, tell_shim
from outrig.node.program.slots import Slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.place import Root
    from outrig.node.program.record import Spec

FOREIGN_LOOK_S = 0.5
RETRY_S = 2.0
MOST_STARTS = 5
"""How often a shim is started again that dies before it has started the command."""


class Live:
    """A run that goes on: its shim's pid, 0 if that is not a child of this keeper."""

    __slots__ = ("adopted", "cancelled", "shim", "spec", "starts")

    def __init__(self, spec: Spec, shim: int) -> None:
        self.spec = spec
        self.shim = shim
        self.adopted: Adopted | None = None
        self.cancelled = False
        self.starts = 0


class Keeper:
    """Everything the keeper knows; all of it can be read anew from the root."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.slots = Slots()
        self.live: dict[str, Live] = {}
        self.shims: dict[int, Live] = {}
        self.batches: dict[str, Batch] = {}
        self.lifetimes = Lifetimes(root)
        self.retry = False

    def main(self) -> None:
        """Keep until nothing is left to do."""
        self.lock = os.open(self.root.keeper_lock(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not self.take_lock():
            return
        self.open_ears()
        self.recover()
        gc.freeze()
        gc.disable()  # a collection would copy pages in every fork; there is hardly any garbage
        while True:
            self.turn()
            if self.busy():
                self.sleep()
            elif self.leave():
                return

    def take_lock(self) -> bool:
        """Become the keeper. Whoever tests the lock holds it for an instant: several tries."""
        for _ in range(20):
            try:
                fcntl.lockf(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                time.sleep(0.002)
            else:
                os.ftruncate(self.lock, 0)
                os.pwrite(self.lock, b"%d" % os.getpid(), 0)
                return True
        return False

    def open_ears(self) -> None:
        try:
            os.mkfifo(self.root.wake(), 0o600)
        except FileExistsError:
            pass
        self.wake = os.open(self.root.wake(), os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.alarm = Alarm((signal.SIGCHLD, signal.SIGTERM, PARENT_DIED, LOOK_AT_CANCEL))
        become_subreaper()
        prctl(PR_SET_NAME, b"outrig-keeper")

    def recover(self) -> None:
        """Find the runs that an earlier keeper left."""
        self.admit()
        for name in os.listdir(self.root.path + "/r"):
            directory = self.root.run(name)
            if exists(directory + "/exit"):
                continue
            spec = read_spec(directory)
            if spec is None:
                continue
            if not lock_is_free(directory + "/lock"):
                self.follow(spec, 0)
            elif exists(directory + "/started"):
                self.finish(spec, Ending("LOST", None, "the node lost sight of the run"))
            elif spec.batch in self.batches:
                self.follow(spec, 0)
                self.start_shim(self.live[spec.run])

    def turn(self) -> None:
        """Do all that can be done now."""
        self.retry = False
        self.drain()
        self.reap()
        self.admit()
        self.look_at_runs()
        self.lifetimes.enforce(self.sessions_in_use())
        self.start_waiting()

    def sessions_in_use(self) -> set[str]:
        running = {live.spec.session for live in self.live.values()}
        return running.union(batch.session for batch in self.batches.values())

    def drain(self) -> None:
        self.alarm.drain()
        try:
            while len(os.read(self.wake, 4096)) == 4096:
                pass
        except BlockingIOError:
            pass

    def reap(self) -> None:
        """Hear of every child that ended: shims, and commands whose shim was killed."""
        while True:
            try:
                info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if info is None:
                return
            live = self.shims.pop(info.si_pid, None)
            if live is None:
                self.orphan_ended(info.si_pid, info.si_code, info.si_status)
            os.waitpid(info.si_pid, 0)
            if live is not None:
                self.shim_ended(live)

    def shim_ended(self, live: Live) -> None:
        live.shim = 0
        directory = self.root.run(live.spec.run)
        if exists(directory + "/exit") or not exists(directory):
            self.forget(live)
        else:
            live.adopted = Adopted(self.root, live.spec)

    def orphan_ended(self, pid: int, code: int, status: int) -> None:
        """A child that is not a shim ended: if it was a run's command, write down its end."""
        for live in self.live.values():
            adopted = live.adopted or Adopted(self.root, live.spec)
            if adopted.pid() == pid:
                adopted.write_end(code, status)
                live.adopted = adopted

    def look_at_runs(self) -> None:
        """Pass cancellations on, and look after the runs that have no shim of ours."""
        for live in list(self.live.values()):
            directory = self.root.run(live.spec.run)
            if not live.cancelled and exists(directory + "/cancel"):
                live.cancelled = True
                tell_shim(directory)
            if live.shim == 0:
                self.look_at_orphan(live, directory)

    def look_at_orphan(self, live: Live, directory: str) -> None:
        if exists(directory + "/exit"):
            if live.adopted is not None and not live.adopted.leftovers_ended():
                return
            self.forget(live)
        elif live.adopted is not None and live.adopted.is_child():
            live.adopted.enforce()
        elif lock_is_free(directory + "/lock"):
            self.settle(live, directory)

    def settle(self, live: Live, directory: str) -> None:
        """Nobody looks after a run that has not ended: start it if it never was."""
        if exists(directory + "/started"):
            self.finish(live.spec, Ending("LOST", None, "the node lost sight of the run"))
        elif live.starts >= MOST_STARTS:
            self.finish(live.spec, Ending("FAILED", 125, "the node could not start it"))
        elif exists(directory) and live.spec.batch in self.batches:
            live.adopted = None
            self.start_shim(live)
            return
        self.forget(live)

    def finish(self, spec: Spec, ending: Ending) -> None:
        try:
            ending.write(self.root.run(spec.run))
        except FileNotFoundError:
            pass  # its session was ended, files and all

    def admit(self) -> None:
        """Look for new batches."""
        for name in waiting_batches(self.root):
            if name not in self.batches and name.partition(".")[0] not in self.batches:
                batch = Batch(self.root, name)
                self.batches[batch.id] = batch

    def start_waiting(self) -> None:
        """Start what fits, first come first served; what takes no slots never waits for them."""
        blocked = False
        for batch in list(self.batches.values()):
            blocked = self.start_from(batch, blocked)
            if batch.next_task() is None and batch.running == 0:
                del self.batches[batch.id]
                batch.remove()

    def start_from(self, batch: Batch, blocked: bool) -> bool:
        while not batch.full():
            spec = batch.next_task()
            if spec is None:
                break
            if self.known(spec):
                batch.taken()
                continue
            if spec.takes_slots() and (blocked or not self.slots.take(spec)):
                return True
            if spec.takes_slots():
                self.slots.give(spec)  # `follow` counts it
            try:
                started = self.start(spec)
            except OSError:
                self.retry = True  # no space left, or the root cannot be written: later again
                return True
            batch.taken()
            if not started:
                continue
        return blocked

    def known(self, spec: Spec) -> bool:
        """Whether the run was started, or ended, before."""
        directory = self.root.run(spec.run)
        return (
            spec.run in self.live or exists(directory + "/started") or exists(directory + "/exit")
        )

    def start(self, spec: Spec) -> bool:
        """Make the run's directory and its shim; false if it must not run any more."""
        directory = self.root.run(spec.run)
        session = self.root.session(spec.session)
        over = not exists(session) or exists(session + "/ended")
        if over and not exists(directory):
            return False
        os.makedirs(directory, mode=0o700, exist_ok=True)
        reserve(directory + "/exit.new")
        write_file(directory + "/spec", spec.encode(), os.O_TRUNC)
        if over or exists(directory + "/cancel"):
            self.finish(spec, Ending("CANCELLED", None, "cancelled before it started"))
            self.note_change(spec)
            return False
        self.follow(spec, 0)
        self.start_shim(self.live[spec.run])
        self.note_change(spec)
        return True

    def follow(self, spec: Spec, shim: int) -> None:
        self.slots.count(spec, -1)
        self.live[spec.run] = Live(spec, shim)
        batch = self.batches.get(spec.batch)
        if batch is not None:
            batch.running += 1

    def start_shim(self, live: Live) -> None:
        batch = self.batches[live.spec.batch]
        spec = live.spec
        launch = Launch(
            self.root, spec, environment_of(batch, spec), argv_of(batch, spec), run_keeper
        )
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                self.forget_everything()
                run_shim(launch)
                status = 0
            finally:
                os._exit(status)
        live.shim = pid
        live.starts += 1
        self.shims[pid] = live

    def forget_everything(self) -> None:
        """In a forked process: close what is the keeper's."""
        self.alarm.close()
        os.close(self.wake)
        for batch in self.batches.values():
            batch.close()

    def forget(self, live: Live) -> None:
        """A run is over: free its slots."""
        self.slots.give(live.spec)
        del self.live[live.spec.run]
        batch = self.batches.get(live.spec.batch)
        if batch is not None:
            batch.note_end(live.spec.run)
        self.note_change(live.spec)

    def note_change(self, spec: Spec) -> None:
        try:
            append_line(self.root.session(spec.session) + "/changes", b"%s\n" % spec.run.encode())
        except OSError:
            pass  # the session is gone, or the disk is full: whoever waits looks by itself too

    def busy(self) -> bool:
        return bool(self.live or self.batches or self.lifetimes.armed())

    def sleep(self) -> None:
        """Wait for a signal, a poke, or the next thing that is due by itself."""
        for batch in self.batches.values():
            batch.save()
        waits = [self.lifetimes.due_in()]
        if self.retry:
            waits.append(RETRY_S)
        if any(live.shim == 0 for live in self.live.values()):
            waits.append(FOREIGN_LOOK_S)
        known = [wait for wait in waits if wait is not None]
        select.select([self.wake, self.alarm.fd], [], [], min(known) if known else None)

    def leave(self) -> bool:
        """Stop being the keeper; false if work came meanwhile and this process has it again."""
        fcntl.lockf(self.lock, fcntl.LOCK_UN)
        return not waiting_batches(self.root) or not self.take_lock()


def environment_of(batch: Batch, spec: Spec) -> dict[str, str]:
    """Return the variables a run starts with."""
    environ = dict(batch.environ)
    environ.update(spec.variables)
    environ.setdefault("PYTHONUNBUFFERED", "1")
    environ["OUTRIG_SESSION"] = spec.session
    environ["OUTRIG_RUN"] = spec.run
    if spec.devices:
        environ["CUDA_VISIBLE_DEVICES"] = ",".join(str(index) for index in spec.devices)
    return environ


def argv_of(batch: Batch, spec: Spec) -> list[str]:
    """Return the words of the program that runs the script."""
    return [*batch.argv, spec.script]


def run_keeper(root: Root) -> None:
    """Be the keeper, in a process of its own."""
    Keeper(root).main()
