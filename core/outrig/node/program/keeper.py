"""The keeper: the one process that starts runs, as slots and caps allow.

There is at most one per node root, and none when nothing runs, waits or is armed. It may be killed
at any moment: all it knows it reads again from the files of the runs and batches.
"""

from __future__ import annotations

import errno
import fcntl
import gc
import os
import select
import signal
import time

from outrig.node.program.batch import Batch, waiting_batches
from outrig.node.program.lifetime import Lifetimes
from outrig.node.program.live import LiveRuns
from outrig.node.program.proc import (
    PR_SET_NAME,
    Alarm,
    become_subreaper,
    prctl,
    read_ready,
    send_signal,
    watch_removal,
)
from outrig.node.program.shim import LOOK_AT_CANCEL, PARENT_DIED
from outrig.node.program.slots import Slots
from outrig.node.program.wake import KEEPER_VERSION, named_keeper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.place import Root

FOREIGN_LOOK_S = 0.5
REPLACE = signal.SIGTERM
"""Asks the keeper to leave its place to a newer one."""

RETRY_S = 2.0
SHORTAGES = frozenset(
    (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EAGAIN,
        errno.ENOMEM,
        errno.EMFILE,
        errno.ENFILE,
    )
)
"""What passes: a disk that is full, too many processes or files. It is tried again later."""


class Keeper:
    """Everything the keeper knows; all of it can be read anew from the root."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.slots = Slots()
        self.batches: dict[str, Batch] = {}
        self.runs = LiveRuns(root, self.slots, self.batches, self.let_go, run_keeper)
        self.lifetimes = Lifetimes(root)
        self.retry = False
        self.replaced = False

    def main(self) -> None:
        """Keep until nothing is left to do."""
        self.lock = os.open(self.root.keeper_lock(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not self.take_lock():
            return
        self.open_ears()
        self.admit()
        self.runs.recover()
        gc.freeze()
        gc.disable()  # a collection would copy pages in every fork; there is hardly any garbage
        while not self.unseated():
            self.try_turn()
            if self.replaced:
                self.runs.pool.dismiss_all()
                return
            if self.busy():
                self.sleep()
            elif self.leave():
                return

    def take_lock(self) -> bool:
        """Become the keeper, in place of an older one if need be.

        Whoever tests the lock holds it for an instant, hence several tries.
        """
        tries = 20
        while tries:
            try:
                fcntl.lockf(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                # by this descriptor: closing another one of the file would give the lock away
                pid, version = named_keeper(os.pread(self.lock, 64, 0))
                if tries == 20 and pid and version < KEEPER_VERSION:
                    send_signal(pid, REPLACE)
                    tries = 5000
                tries -= 1
                time.sleep(0.002)
            else:
                self.sign_lock()
                return True
        return False

    def sign_lock(self) -> None:
        """Say who keeps; on a full disk nobody is told, and a newer keeper has to wait."""
        try:
            os.pwrite(self.lock, b"%-12d %-8d" % (os.getpid(), KEEPER_VERSION), 0)
        except OSError as error:
            if error.errno not in SHORTAGES:
                raise

    def unseated(self) -> bool:
        """Whether the lock is not the root's any more: the root was removed, or made anew."""
        try:
            return not os.path.samestat(os.stat(self.root.keeper_lock()), os.fstat(self.lock))
        except FileNotFoundError:
            return True

    def open_ears(self) -> None:
        try:
            os.mkfifo(self.root.wake(), 0o600)
        except FileExistsError:
            pass
        self.wake = os.open(self.root.wake(), os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.alarm = Alarm((signal.SIGCHLD, REPLACE, PARENT_DIED, LOOK_AT_CANCEL))
        self.removal = watch_removal(self.root.keeper_lock())
        become_subreaper()
        prctl(PR_SET_NAME, b"outrig-keeper")

    def try_turn(self) -> None:
        """Do all that can be done now; what the system is too short of for it is done later."""
        self.retry = False
        try:
            self.turn()
        except OSError as error:
            if error.errno not in SHORTAGES:
                raise
            self.retry = True

    def turn(self) -> None:
        poked = self.drain()
        self.runs.reap()
        self.admit()
        self.runs.look_at_all()
        self.lifetimes.note_ends(self.runs.take_ended())
        self.lifetimes.enforce(self.sessions_in_use(), poked)
        self.start_waiting()

    def sessions_in_use(self) -> set[str]:
        """Return the sessions in which something runs or waits that is not beside the others."""
        live = [one.spec for one in self.runs.live.values()]
        running = {spec.session for spec in live if not spec.beside()}
        waiting = [one for one in self.batches.values() if one.next_task() is not None]
        return running.union(batch.session for batch in waiting)

    def drain(self) -> bool:
        """Take note of signals and pokes; say whether somebody poked."""
        self.replaced = REPLACE in self.alarm.drain()
        if self.removal >= 0:
            read_ready(self.removal)
        try:
            return bool(os.read(self.wake, 1 << 16))
        except BlockingIOError:
            return False

    def admit(self) -> None:
        """Look for new batches."""
        for name in waiting_batches(self.root):
            if name.partition(".")[0] in self.batches:
                continue
            try:
                batch = Batch(self.root, name)
            except OSError:
                self.retry = True  # the disk is full
            else:
                self.batches[batch.id] = batch

    def start_waiting(self) -> None:
        """Start what fits, first come first served; what takes no slots never waits for them."""
        blocked = False
        for batch in sorted(self.batches.values(), key=by_priority):
            blocked = self.start_from(batch, blocked)
            if batch.next_task() is not None:
                continue
            self.runs.pool.dismiss(batch.id)
            if batch.running == 0:
                del self.batches[batch.id]
                batch.remove()

    def start_from(self, batch: Batch, blocked: bool) -> bool:
        while not self.full(batch):
            spec = batch.next_task()
            if spec is None:
                break
            if self.runs.known(spec):
                batch.taken()
                continue
            if spec.takes_slots() and (blocked or not self.slots.take(spec)):
                return True
            if spec.takes_slots():
                self.slots.give(spec)  # `follow` counts it
            try:
                self.runs.start(spec)
            except OSError:
                self.retry = True  # no space left, or the root cannot be written: later again
                return True
            batch.taken()
        return blocked

    def full(self, batch: Batch) -> bool:
        """Whether as many runs of it, and of others in its group, are going as may at once."""
        if not batch.cap:
            return False
        group = [one for one in self.batches.values() if one.group == batch.group]
        return sum(one.running for one in group) >= batch.cap

    def let_go(self) -> None:
        """In a forked process: close what is the keeper's."""
        self.alarm.close()
        os.close(self.wake)
        if self.removal >= 0:
            os.close(self.removal)
        self.runs.pool.close()
        for batch in self.batches.values():
            batch.close()

    def busy(self) -> bool:
        return bool(self.runs.live or self.batches or self.lifetimes.armed())

    def sleep(self) -> None:
        """Wait for a signal, a poke, or the next thing that is due by itself."""
        for batch in self.batches.values():
            batch.save()
        waits = [self.lifetimes.due_in()]
        if self.retry:
            waits.append(RETRY_S)
        if any(live.shim == 0 for live in self.runs.live.values()):
            waits.append(FOREIGN_LOOK_S)
        known = [wait for wait in waits if wait is not None]
        own = (self.wake, self.alarm.fd, self.runs.pool.reports, self.removal)
        ears = [fd for fd in own if fd >= 0]
        select.select(ears, [], [], min(known) if known else None)

    def leave(self) -> bool:
        """Stop being the keeper; false if work came meanwhile and this process has it again."""
        fcntl.lockf(self.lock, fcntl.LOCK_UN)
        if not waiting_batches(self.root) and not self.lifetimes.any_armed():
            return True
        return not self.take_lock()


def by_priority(batch: Batch) -> tuple[float, str]:
    return (-batch.priority, batch.id)


def run_keeper(root: Root) -> None:
    """Be the keeper, in a process of its own."""
    Keeper(root).main()
