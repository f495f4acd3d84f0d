"""The runs that go on: starting them, hearing of their ends, and looking after orphans."""

from __future__ import annotations

import os

from outrig.node.program.adopt import Adopted
from outrig.node.program.command import Launch
from outrig.node.program.container import container_of, run_words
from outrig.node.program.dropped import CANCELLED_IN_TIME, DroppedRuns
from outrig.node.program.place import exists, write_file
from outrig.node.program.pool import Pool, close_end
from outrig.node.program.proc import boot_id
from outrig.node.program.record import Ending, lock_is_free, read_fields, read_spec, reserve
from outrig.node.program.shim import run_shim, tell_shim
from outrig.node.program.usage import write_usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.node.program.batch import Batch
    from outrig.node.program.place import Root
    from outrig.node.program.record import Spec
    from outrig.node.program.slots import Slots

MOST_STARTS = 5
"""How often a shim is started again that dies before it has started the command."""
UNKNOWN_PROBLEM = 255
"""A shim that cannot go on ends with the number of the error of the system, or this one."""


class Live:
    """A run that goes on: its shim's pid, 0 if that is not a child of this keeper."""

    __slots__ = ("adopted", "cancelled", "problem", "shim", "spec", "starts")

    def __init__(self, spec: Spec, shim: int) -> None:
        self.spec = spec
        self.shim = shim
        self.adopted: Adopted | None = None
        self.cancelled = False
        self.starts = 0
        self.problem = 0


class LiveRuns:
    """All runs that go on, and what they hold."""

    def __init__(
        self,
        root: Root,
        slots: Slots,
        batches: dict[str, Batch],
        let_go: Callable[[], None],
        keep: Callable[[Root], None],
    ) -> None:
        self.root = root
        self.slots = slots
        self.batches = batches
        self.let_go = let_go
        self.keep = keep
        self.live: dict[str, Live] = {}
        self.shims: dict[int, Live] = {}
        self.pool = Pool()
        self.dropped = DroppedRuns(root)
        self.ended: set[str] = set()

    def recover(self) -> None:
        """Find the runs that an earlier keeper left."""
        for name in os.listdir(self.root.path + "/r"):
            directory = self.root.run(name)
            spec = None if exists(directory + "/exit") else read_spec(directory)
            if spec is not None:
                self.follow(spec, 0)  # `look_at_orphan` settles those that nobody looks after

    def reap(self) -> None:
        """Hear of every child that ended: shims, and commands whose shim was killed."""
        for pid in self.pool.reported():
            done = self.shims.pop(pid, None)
            if done is not None:
                self.pool.freed(pid, done.spec.batch)
                self.shim_ended(done)
        while True:
            try:
                info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if info is None:
                return
            live = self.shims.pop(info.si_pid, None)
            orphan = None
            if not self.pool.gone(info.si_pid):
                orphan = self.orphan_ended(info.si_pid, info.si_code, info.si_status)
            _, _, usage = os.wait4(info.si_pid, 0)
            if orphan is not None:
                write_usage(orphan.directory, usage)
            if live is not None:
                live.problem = info.si_status if info.si_code == os.CLD_EXITED else 0
                self.shim_ended(live)

    def take_ended(self) -> set[str]:
        """Return the sessions in which a run ended since this was asked last."""
        ended, self.ended = self.ended, set()
        return ended

    def shim_ended(self, live: Live) -> None:
        live.shim = 0
        directory = self.root.run(live.spec.run)
        if exists(directory + "/exit") or not exists(directory):
            self.forget(live)
        else:
            live.adopted = Adopted(self.root, live.spec)

    def orphan_ended(self, pid: int, code: int, status: int) -> Adopted | None:
        """A child that is not a shim ended: if it was a run's command, write down its end."""
        for live in self.live.values():
            adopted = live.adopted or Adopted(self.root, live.spec)
            if adopted.pid() == pid:
                adopted.write_end(code, status)
                live.adopted = adopted
                return adopted
        return None

    def look_at_all(self) -> None:
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
            self.finish(live.spec, lost(directory))
        elif exists(self.root.session(live.spec.session) + "/ended"):
            self.finish(live.spec, Ending("CANCELLED", None, "cancelled before it started"))
        elif live.starts >= MOST_STARTS:
            self.finish(live.spec, Ending("FAILED", 125, self.why_not(live)))
        elif exists(directory) and live.spec.batch in self.batches:
            live.adopted = None
            self.start_shim(live)
            return
        self.forget(live)

    def why_not(self, live: Live) -> str:
        """Say why a run's shims died before they could start it, as far as they could tell."""
        if not 0 < live.problem < UNKNOWN_PROBLEM:
            return "the node could not start it"
        return "the node could not start it: %s: %s" % (self.root.path, os.strerror(live.problem))

    def finish(self, spec: Spec, ending: Ending) -> None:
        try:
            ending.write(self.root.run(spec.run))
        except FileNotFoundError:
            pass  # its session was ended, files and all

    def known(self, spec: Spec) -> bool:
        """Whether the run was started, ended or cancelled before."""
        directory = self.root.run(spec.run)
        if not exists(directory):
            return spec.run in self.live or self.dropped.has(spec.session, spec.run)
        return (
            spec.run in self.live or exists(directory + "/started") or exists(directory + "/exit")
        )

    def start(self, spec: Spec) -> None:
        """Make the run's directory and its shim, unless it must not run any more."""
        directory = self.root.run(spec.run)
        session = self.root.session(spec.session)
        over = not exists(session) or exists(session + "/ended")
        if over and not exists(directory):
            return
        os.makedirs(directory, mode=0o700, exist_ok=True)
        reserve(directory + "/exit.new")
        write_file(directory + "/spec", spec.encode(), os.O_TRUNC)
        dropped = self.dropped.has(spec.session, spec.run)
        if over or dropped or exists(directory + "/cancel"):
            self.finish(spec, Ending("CANCELLED", None, CANCELLED_IN_TIME))
            return
        self.follow(spec, 0)
        self.start_shim(self.live[spec.run])

    def follow(self, spec: Spec, shim: int) -> None:
        self.slots.count(spec, -1)
        self.live[spec.run] = Live(spec, shim)
        batch = self.batches.get(spec.batch)
        if batch is not None:
            batch.running += 1

    def start_shim(self, live: Live) -> None:
        """Give a run to a shim: one of its batch that is free, else a new one."""
        pid = self.pool.order(live.spec) or self.fork_shim(live.spec)
        live.shim = pid
        live.starts += 1
        self.shims[pid] = live

    def fork_shim(self, spec: Spec) -> int:
        launch = self.launch(spec)
        orders, order_to = self.pool.open_orders()
        try:
            pid = os.fork()
        except OSError:
            close_end(orders)
            close_end(order_to)
            raise
        if pid == 0:
            status = UNKNOWN_PROBLEM
            try:
                close_end(order_to)
                self.let_go()
                run_shim(launch, orders, self.pool.report_to)
                status = 0
            except OSError as error:
                status = error.errno or UNKNOWN_PROBLEM
            finally:
                os._exit(status)
        close_end(orders)
        self.pool.added(pid, order_to)
        return pid

    def launch(self, spec: Spec) -> Launch:
        batch = self.batches[spec.batch]
        environ = environment_of(batch, spec)
        argv = argv_of(batch, spec, self.root.work(spec.session))
        return Launch(self.root, spec, environ, argv, self.keep, self.launch)

    def forget(self, live: Live) -> None:
        """A run is over: free its slots."""
        self.slots.give(live.spec)
        del self.live[live.spec.run]
        batch = self.batches.get(live.spec.batch)
        if batch is not None:
            batch.running -= 1
        self.ended.add(live.spec.session)


def lost(directory: str) -> Ending:
    """Return the end of a run of which nobody saw how it ended."""
    started = read_fields(directory + "/started") or {}
    if started.get("boot") != boot_id():
        return Ending("LOST", None, "the node was restarted while it ran")
    return Ending("LOST", None, "the node lost sight of the run")


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


def argv_of(batch: Batch, spec: Spec, work: str) -> list[str]:
    """Return the words of the program that runs the script."""
    container = container_of(spec)
    if container:
        return run_words(container, spec, work)
    return [*batch.argv, spec.script]
