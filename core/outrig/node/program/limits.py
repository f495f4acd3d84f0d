"""Limits on what a run may take, by the best means that this node has.

In this order: a cgroup v2 that was delegated to us, `systemd-run --user`, a writable cgroup v1, and
else CPU affinity and an address space limit, which hold for each process by itself.
"""

from __future__ import annotations

import os
import resource
import signal

from outrig.node.program.cgroup import bases_v1, bases_v2, counted, group_name
from outrig.node.program.container import container_of
from outrig.node.program.place import read_whole, write_file
from outrig.node.program.proc import send_signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.record import Spec

PERIOD_US = 100_000
KILLED = 128 + signal.SIGKILL


class Limiter:
    """One run's limits; this base class is the last resort, without any control group."""

    name = "affinity and rlimits, for each process by itself"
    every_s: float | None = None
    """How often to look whether they hold, in seconds, where nothing else sees to it."""
    counts_nothing = False
    """Whether a kill for memory cannot be told from any other."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    def create(self) -> None:
        """Make the control group, before the run's process is forked."""

    def apply(self) -> None:
        """Put this process, which is about to become the run, under the limits."""
        if self.spec.memory_mib:
            size = int(self.spec.memory_mib) << 20
            resource.setrlimit(resource.RLIMIT_AS, (size, size))
        if self.spec.cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, self.spec.cores)

    def prefix(self) -> list[str]:
        """Return the words that go before the run's own command."""
        return []

    def memory_was_exceeded(self) -> bool:
        """Whether something of the run was killed for its memory."""
        return False

    def exceeded(self) -> str:
        """Say that the run took more memory than it may."""
        return "memory limit %d MiB exceeded" % int(self.spec.memory_mib or 0)

    def reason(self, code: int | None) -> str | None:
        """Return what the limits have to do with a run's end, `None` if nothing."""
        if code and self.memory_was_exceeded():
            return self.exceeded()
        if code == KILLED and self.spec.memory_mib and self.counts_nothing:
            return "killed; memory limit %d MiB" % int(self.spec.memory_mib)
        return None

    def is_exceeded_by(self, pids: list[int]) -> bool:  # noqa: ARG002 - for those that look
        """Look whether a run's processes take more memory than it may; see `every_s`."""
        return False

    def kill(self) -> None:
        """Kill all that is in the group."""

    def remove(self) -> None:
        """Remove the group; nothing is in it any more."""


class GroupLimiter(Limiter):
    """Limits by control groups: one directory per hierarchy."""

    def __init__(self, spec: Spec, bases: dict[str, str]) -> None:
        super().__init__(spec)
        name = group_name(spec.session if spec.shared else spec.run)
        self.groups = {kind: "%s/%s" % (base, name) for kind, base in bases.items()}
        self.kills_before = 0

    def create(self) -> None:
        for group in set(self.groups.values()):
            try:
                os.mkdir(group)
            except FileExistsError:
                pass
        self.configure()
        self.kills_before = self.kills()

    def configure(self) -> None:
        """Write the limits."""

    def set(self, kind: str, name: str, value: object) -> bool:
        """Write one limit; false where there is no such file."""
        try:
            write_file(self.groups[kind] + "/" + name, str(value).encode(), 0)
        except OSError:
            return False
        return True

    def get(self, kind: str, name: str) -> str:
        try:
            return (read_whole(self.groups[kind] + "/" + name) or b"").decode("ascii", "replace")
        except OSError:
            return ""

    def kills(self) -> int:
        """Return how often something in the group was killed for its memory."""
        return 0

    def memory_was_exceeded(self) -> bool:
        return self.kills() > self.kills_before

    def apply(self) -> None:
        for group in set(self.groups.values()):
            write_file(group + "/cgroup.procs", b"%d" % os.getpid(), 0)

    def kill(self) -> None:
        if self.spec.shared:
            return  # others are in it
        for kind in self.groups:
            if self.set(kind, "cgroup.kill", 1):
                return
        for kind in self.groups:
            for pid in self.get(kind, "cgroup.procs").split():
                send_signal(int(pid), signal.SIGKILL)

    def remove(self) -> None:
        if self.spec.shared:
            return  # it goes with its session: another run may be about to enter it, or to read it
        for group in set(self.groups.values()):
            try:
                os.rmdir(group)
            except OSError:
                pass


class GroupV1(GroupLimiter):
    """Limits by cgroup v1."""

    name = "cgroup v1"

    def configure(self) -> None:
        if self.spec.memory_mib:
            size = int(self.spec.memory_mib) << 20
            self.set("memory", "memory.limit_in_bytes", size)
            self.set("memory", "memory.memsw.limit_in_bytes", size)
        if self.spec.cpu:
            self.set("cpu", "cpu.cfs_period_us", PERIOD_US)
            self.set("cpu", "cpu.cfs_quota_us", int(self.spec.cpu * PERIOD_US))

    def kills(self) -> int:
        return counted(self.get("memory", "memory.oom_control"), "oom_kill")


class GroupV2(GroupLimiter):
    """Limits by a delegated cgroup v2."""

    name = "cgroup v2"

    def configure(self) -> None:
        if self.spec.memory_mib:
            self.set("memory", "memory.max", int(self.spec.memory_mib) << 20)
            self.set("memory", "memory.swap.max", 0)
            self.set("memory", "memory.oom.group", 1)
        if self.spec.cpu:
            self.set("cpu", "cpu.max", "%d %d" % (int(self.spec.cpu * PERIOD_US), PERIOD_US))

    def kills(self) -> int:
        return counted(self.get("memory", "memory.events"), "oom_kill")


class WatchedLimiter(Limiter):
    """Shared limits where there is no control group: looked after, each run by itself."""

    name = "watched"
    every_s = 0.25

    def apply(self) -> None:
        if not self.spec.cpu or not hasattr(os, "sched_setaffinity"):
            return
        cores = sorted(os.sched_getaffinity(0))
        count = max(1, min(len(cores), int(self.spec.cpu + 0.999)))
        first = sum(self.spec.session.encode()) % len(cores)
        os.sched_setaffinity(0, [(cores + cores)[first + number] for number in range(count)])

    def is_exceeded_by(self, pids: list[int]) -> bool:
        most = int(self.spec.memory_mib or 0) << 20
        if not most or sum(map(resident, pids)) <= most:
            return False
        return sum(map(proportional, pids)) > most


class SystemdScope(Limiter):
    """Limits by a scope of the user's systemd."""

    name = "systemd-run --user"
    counts_nothing = True

    def apply(self) -> None:
        pass

    def prefix(self) -> list[str]:
        words = ["systemd-run", "--user", "--scope", "--quiet", "--collect"]
        if self.spec.memory_mib:
            words += ["-p", "MemoryMax=%dM" % self.spec.memory_mib, "-p", "MemorySwapMax=0"]
        if self.spec.cpu:
            words += ["-p", "CPUQuota=%d%%" % int(self.spec.cpu * 100)]
        return [*words, "--"]


class Unlimited(Limiter):
    """No limits of ours: none were asked for, or the container engine sees to them."""

    counts_nothing = True

    def apply(self) -> None:
        pass

    def memory_was_exceeded(self) -> bool:
        container = container_of(self.spec)
        return bool(self.spec.memory_mib and container and container.was_out_of_memory())

    def kill(self) -> None:
        self.remove()

    def remove(self) -> None:
        container = container_of(self.spec)
        if container:
            container.remove()


def limiter_for(spec: Spec) -> Limiter:
    """Return the best limiter for a run; without limits asked for, one that does nothing."""
    if spec.engine or (not spec.memory_mib and not spec.cpu):
        return Unlimited(spec)
    delegated = bases_v2()
    if delegated:
        return GroupV2(spec, delegated)
    if systemd_works():
        return SystemdScope(spec)
    writable = bases_v1()
    if writable:
        return GroupV1(spec, writable)
    return WatchedLimiter(spec) if spec.shared else Limiter(spec)


def resident(pid: int) -> int:
    """Return how many bytes of memory a process has, shared ones too; 0 when it is gone."""
    try:
        fields = (read_whole("/proc/%d/statm" % pid) or b"0 0").split()
    except OSError:
        return 0
    return int(fields[1]) * resource.getpagesize()


def proportional(pid: int) -> int:
    """Return how many bytes a process has, its part of shared ones counted."""
    try:
        text = (read_whole("/proc/%d/smaps_rollup" % pid) or b"").decode("ascii", "replace")
    except OSError:
        return resident(pid)
    found = [line.split()[1] for line in text.splitlines() if line.startswith("Pss:")]
    return int(found[0]) << 10 if found else resident(pid)


def mechanism() -> str:
    """Return which means this node has, for `doctor`."""
    if bases_v2():
        return GroupV2.name
    if systemd_works():
        return SystemdScope.name
    return GroupV1.name if bases_v1() else Limiter.name


def systemd_works() -> bool:
    """Whether scopes can be made in the user's systemd."""
    if not os.environ.get("XDG_RUNTIME_DIR") or not os.path.exists("/run/systemd/system"):
        return False
    import subprocess

    try:
        tried = subprocess.run(
            [
                "systemd-run",
                "--user",
                "--scope",
                "--quiet",
                "--collect",
                "-p",
                "MemoryMax=64M",
                "true",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=5,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return tried.returncode == 0
